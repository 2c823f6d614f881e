/* Charts from <script type="application/json"> blocks: SVG, no animation, colours of the tokens.
   <div class="chart" role="img" aria-label="…" data-chart="history" data-src="id-of-the-block">  */
(() => {
  "use strict";
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const narrow = () => innerWidth < 768;

  const ground = () => ({
    animation: false,
    textStyle: { fontFamily: token("--font"), fontSize: 12, color: token("--text-3") },
    grid: { left: 8, right: 16, top: 26, bottom: 4, containLabel: true },
  });
  const label = (extra = {}) => ({ color: token("--text-3"), fontSize: 11, ...extra });
  const across = (data, extra = {}) => ({
    type: "category",
    data,
    axisLine: { lineStyle: { color: token("--line-2") } },
    axisTick: { show: false },
    axisLabel: label(),
    ...extra,
  });
  const up = (extra = {}) => ({
    type: "value",
    axisLine: { show: false },
    axisLabel: label(),
    splitLine: { lineStyle: { color: token("--line") } },
    ...extra,
  });
  const tip = () => ({
    trigger: "axis",
    backgroundColor: token("--surface"),
    borderColor: token("--line-2"),
    textStyle: { color: token("--text"), fontSize: 12 },
  });
  const plain = (number) => (number === null || number === undefined ? "—" : +number.toFixed(1));

  /* 52 weeks: the band of what was to be expected, the orders, the weeks that stand out */
  const history = (data) => {
    const last = data.weeks.length - 1;
    const unit = data.unit || "条";
    const shaded = data.from === null || data.from === undefined ? [] : [[
      { xAxis: data.weeks[data.from] },
      { xAxis: data.weeks[last] },
    ]];
    const band = (data.hi || []).map((high, i) =>
      high === null || data.lo[i] === null ? null : high - data.lo[i]);
    const hidden = { type: "line", stack: "band", symbol: "none", silent: true, lineStyle: { opacity: 0 } };
    return {
      ...ground(),
      tooltip: {
        ...tip(),
        formatter: (points) => {
          const i = points[0].dataIndex;
          const usual = band.length && band[i] !== null
            ? `<br>常态 ${plain(data.lo[i])}–${plain(data.hi[i])} ${unit}` : "";
          return `${data.weeks[i]} 当周<br>订购 ${plain(data.qty[i])} ${unit}${usual}`;
        },
      },
      xAxis: across(data.weeks, {
        boundaryGap: false,
        axisLabel: label({ interval: narrow() ? 15 : 7 }),
      }),
      yAxis: up({ name: unit, nameTextStyle: { color: token("--text-3"), align: "right" } }),
      series: [
        { ...hidden, data: data.lo || [] },
        { ...hidden, data: band, areaStyle: { color: token("--brand"), opacity: 0.13 } },
        {
          type: "line",
          data: data.qty,
          symbol: "none",
          lineStyle: { width: 1.8, color: token("--text-2") },
          markArea: { silent: true, itemStyle: { color: token("--red"), opacity: 0.08 }, data: shaded },
        },
        {
          type: "scatter",
          data: (data.marks || []).map((mark) => ({
            value: [mark.week, data.qty[data.weeks.indexOf(mark.week)]],
            itemStyle: { color: token(`--${mark.tone}`) },
          })),
          symbol: "triangle",
          symbolSize: 9,
          symbolOffset: [0, -12],
        },
        {
          type: "scatter",
          data: (data.anom || []).map((i) => [data.weeks[i], data.qty[i]]),
          symbolSize: 9,
          itemStyle: { color: token("--red"), borderColor: token("--surface"), borderWidth: 2 },
          label: {
            show: true,
            position: "left",
            distance: 8,
            color: token("--red-text"),
            fontWeight: 600,
            formatter: (point) =>
              point.dataIndex === data.anom.length - 1 ? `${plain(point.value[1])} ${unit}` : "",
          },
        },
      ],
    };
  };

  /* where this shop stands among its like */
  const peers = (data) => ({
    ...ground(),
    xAxis: across(data.bins, { axisLabel: label({ hideOverlap: true }) }),
    yAxis: up({ splitNumber: 3 }),
    series: [{
      type: "bar",
      barWidth: "78%",
      data: data.n.map((value, i) => ({
        value,
        itemStyle: {
          borderRadius: [2, 2, 0, 0],
          color: token(i === data.me ? "--red" : "--line-2"),
        },
      })),
      label: {
        show: true,
        position: "top",
        color: token("--red-text"),
        fontWeight: 600,
        fontSize: 11,
        formatter: (point) => (point.dataIndex === data.me ? "本户" : ""),
      },
    }],
  });

  /* alerts a week by grade */
  const trend = (data) => ({
    ...ground(),
    tooltip: tip(),
    xAxis: across(data.x),
    yAxis: up({ splitNumber: 3, minInterval: 1 }),
    series: [["blue", "蓝色"], ["yellow", "黄色"], ["orange", "橙色"], ["red", "红色"]].map(
      ([tone, name]) => ({
        type: "bar",
        stack: "grades",
        name,
        data: data[tone],
        barWidth: 20,
        itemStyle: { color: token(`--${tone}`), borderColor: token("--surface"), borderWidth: 1 },
      }),
    ),
  });

  /* a product's month beside the one before, added up by day of the month */
  const months = (data) => ({
    ...ground(),
    grid: { ...ground().grid, top: 12 },
    tooltip: {
      ...tip(),
      formatter: (points) => {
        const i = points[0].dataIndex;
        return `${data.days[i]}日止<br>本月 ${plain(data.this[i])} 条<br>上月 ${plain(data.last[i])} 条`;
      },
    },
    xAxis: across(data.days, { boundaryGap: false, axisLabel: label({ interval: 6 }) }),
    yAxis: up({ splitNumber: 3 }),
    series: [
      { data: data.last, lineStyle: { width: 1.4, type: "dashed", color: token("--text-3") } },
      { data: data.this, lineStyle: { width: 2, color: token("--red") } },
    ].map((one) => ({ type: "line", symbol: "none", ...one })),
  });

  /* two lists a week, side by side; a third as a line for comparison */
  const beside = (data) => {
    const bars = [["baseline", "现行规则", "--line-2"], ["candidate", "备选规则", "--brand"]].map(
      ([key, name, tone]) => ({
        type: "bar",
        name,
        data: data[key],
        barMaxWidth: 14,
        barGap: "10%",
        itemStyle: { color: token(tone), borderRadius: [2, 2, 0, 0] },
      }),
    );
    const line = {
      type: "line",
      name: "传统规则",
      data: data.traditional,
      symbol: "none",
      lineStyle: { width: 1.6, type: "dashed", color: token("--orange") },
      itemStyle: { color: token("--orange") },
    };
    return {
      ...ground(),
      tooltip: tip(),
      xAxis: across(data.x.map((day) => day.slice(5)), { axisLabel: label({ hideOverlap: true }) }),
      yAxis: up({ minInterval: 1, name: "条", nameTextStyle: { color: token("--text-3") } }),
      series: data.traditional ? [...bars, line] : bars,
    };
  };

  const KINDS = { beside, history, peers, trend, months };

  const read = (id) => {
    const block = document.getElementById(id);
    return block ? JSON.parse(block.textContent) : undefined;
  };

  const draw = (place) => {
    const data = read(place.dataset.src);
    const marks = read(place.dataset.marks);
    if (marks) data.marks = marks.filter((mark) => data.weeks.includes(mark.week));
    const chart = window.echarts.init(place, null, { renderer: "svg" });
    /* with a viewBox the print style can scale the drawing; without it paper cuts it off */
    const frame = () => {
      const svg = place.querySelector("svg");
      if (svg) svg.setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
    };
    chart.on("finished", frame);
    chart.setOption(KINDS[place.dataset.chart](data));
    frame();
    return chart;
  };

  if (!window.echarts) return;
  const places = [...document.querySelectorAll("[data-chart]")];
  let charts = places.map(draw);
  document.addEventListener("themechange", () => {
    charts.forEach((chart) => chart.dispose());
    charts = places.map(draw);
  });
  addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
})();
