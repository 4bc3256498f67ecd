#!/usr/bin/env bash
# Spark 3.5.7 into .lab/venv (its Python package is the distribution), and the jars it lacks into .lab/spark.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
wanted="$LAB_ROOT/setup/spark/requirements.txt" stamp="$LAB/venv/.installed-spark"
lab_python
copy_jars "Spark's Kafka source and Connect server" 20 spark
if ! is_installed "$stamp" "$wanted"; then
  fetch "Spark" 360 2000 lab_pip -r "$wanted"
  mark_installed "$stamp" "$wanted"
fi
ln -sfn "$("$LAB/venv/bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')" "$LAB/spark/home"
