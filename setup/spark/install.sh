#!/usr/bin/env bash
# Spark 3.5.7 into .lab/venv (its Python package is the distribution), and the jars it lacks into .lab/spark.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
is_installed spark 3.5.7 && exit 0
copy_jars "Spark's Kafka source and Connect server" "$LAB_ROOT/setup/spark/pom.xml" "$LAB/spark/jars"
lab_pip "Spark" -r "$LAB_ROOT/setup/spark/requirements.txt"
ln -sfn "$("$LAB/venv/bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')" "$LAB/spark/home"
mark_installed spark 3.5.7
