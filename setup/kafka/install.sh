#!/usr/bin/env bash
# Installs Kafka 3.4.1 with ZooKeeper 3.6.4 into .lab/kafka.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
install_jars "Kafka and ZooKeeper" 40 kafka
