#!/usr/bin/env bash
# Installs Spark 3.5.7 into .lab/venv (the Python package contains all of Spark), and extra jars into .lab/spark.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
requirements="$LAB_ROOT/setup/spark/requirements.txt" stamp="$LAB/venv/.installed-spark"
ensure_venv
install_jars "Spark's Kafka source, Avro and Connect server" 20 spark
if ! is_installed "$stamp" "$requirements"; then
  fetch "Spark" 360 2000 venv_pip_install -r "$requirements"
  mark_installed "$stamp" "$requirements"
fi
ln -sfn "$("$LAB/venv/bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')" "$LAB/spark/home"
