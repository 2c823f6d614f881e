"""The sample county: invented export files with planted stories, the same ones for the same seed.

`county.write_county` writes a year of files, `county.write_days` the days that came since.
"""
