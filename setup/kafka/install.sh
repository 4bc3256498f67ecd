#!/usr/bin/env bash
# Kafka 3.4.1 with ZooKeeper 3.6.4 into .lab/kafka.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
is_installed kafka 3.4.1 && exit 0
copy_jars "Kafka and ZooKeeper" "$LAB_ROOT/setup/kafka/pom.xml" "$LAB/kafka/jars"
mark_installed kafka 3.4.1
