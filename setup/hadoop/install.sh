#!/usr/bin/env bash
# HDFS 3.3.6 into .lab/hadoop.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
copy_jars "HDFS" 60 hadoop
# The NameNode and the DataNode refuse to start without these folders of their web pages.
mkdir -p "$LAB/hadoop/webapps/"{hdfs,datanode,static,secondary}
