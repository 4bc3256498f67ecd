#!/usr/bin/env bash
# HDFS 3.3.6 into .lab/hadoop.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
is_installed hadoop 3.3.6 && exit 0
copy_jars "HDFS" "$LAB_ROOT/setup/hadoop/pom.xml" "$LAB/hadoop/jars"
# The NameNode and the DataNode refuse to start without these folders of their web pages.
mkdir -p "$LAB/hadoop/webapps/"{hdfs,datanode,static,secondary}
mark_installed hadoop 3.3.6
