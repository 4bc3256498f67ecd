#!/usr/bin/env bash
# Installs HDFS 3.3.6 into .lab/hadoop.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
install_jars "HDFS" 60 hadoop
# The NameNode and the DataNode do not start unless the folders of their web pages exist.
mkdir -p "$LAB/hadoop/webapps/"{hdfs,datanode,static,secondary}
