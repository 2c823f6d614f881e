# `make run` and `make test` need Python 3.11 and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest
# Stand-in production settings for the checks of the deployment.
PRODUCTION := env DEBUG=0 HTTPS=1 DJANGO_SETTINGS_MODULE=neiguan.checking ALLOWED_HOSTS=neiguan.example \
	SECRET_KEY=0ATn7sRgPpM1ukSdyUQbVx2Zc9JhLwE4oKfXqGiYt8eWrBvC5mDl6NzHj3a LAKE_URL=/nonexistent/lake

.PHONY: help setup dev run test test-long test-spark check fmt migrations browser bench bench-detection bench-scale reset

help:  ## 列出目标
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit("需要 Python 3.11 或更新版本，现为 %d.%d；可用 make PYTHON=python3.11" % v[:2] if v < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run-installed: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev-installed: requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.run-installed

$(VENV)/.bench-installed: requirements.txt requirements-bench.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

setup: $(VENV)/.run-installed  ## 建立 .venv 并安装依赖（第二次立即完成）

dev: $(VENV)/.dev-installed

run: setup  ## 启动全部服务：make run [PORT=8000] [NEIGUAN_VAR=目录] [HTTPS=1]
	@exec $(BIN)/python manage.py serve $(ARGS)

test: dev browser  ## 运行测试（自行准备一切）
	$(PYTEST)

test-long: dev browser  ## 运行耗时的测试
	$(PYTEST) -m 'long and not spark'

test-spark: dev  ## 用 Spark 集群核对检测结果（需要 Java）
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-spark.txt
	$(PYTEST) -m spark

check: dev  ## 格式、静态检查、类型、分层、模板、迁移、部署检查
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	env DJANGO_SETTINGS_MODULE=neiguan.checking $(BIN)/lint-imports
	$(BIN)/djlint templates --lint --check --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python -W error::SyntaxWarning -m django check --deploy --fail-level WARNING

fmt: dev  ## 整理格式
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/djlint templates --reformat --quiet

migrations: dev  ## 由模型生成迁移：make migrations NAME=名称
	$(BIN)/python manage.py makemigrations $(if $(NAME),--name $(NAME))

browser: dev  ## 安装 Chromium（需 root 与 apt-get；否则浏览器测试跳过）
	@$(BIN)/python -m tests.browser_setup

bench: setup  ## 运行性能测试
	$(BIN)/python bench/import_ratio.py

bench-scale: setup  ## 检测耗时与内存随数据量的增长：make bench-scale [ARGS="--lines 1 10"]
	$(BIN)/python bench/scale.py $(ARGS)

bench-detection: $(VENV)/.bench-installed  ## 检测质量：make bench-detection CITY=带答案的文件夹
	$(BIN)/python -m bench.detection $(CITY)

reset:  ## 停止服务并删除本机数据（先确认）
	@test -x $(BIN)/python || { echo "没有可删除的数据"; exit 0; }; $(BIN)/python -m neiguan.reset
