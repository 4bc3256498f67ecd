#!/usr/bin/env bash
# Shows consumer groups and their lag, for example: kafka-consumer-groups.sh --describe --all-groups
source "$(dirname "${BASH_SOURCE[0]}")/lab-env.sh"
run_kafka_command kafka.admin.ConsumerGroupCommand "$@"
