#!/usr/bin/env bash
# Consumer groups and their lag, for example: kafka-consumer-groups.sh --describe --all-groups
source "$(dirname "${BASH_SOURCE[0]}")/lab-env.sh"
kafka_command kafka.admin.ConsumerGroupCommand "$@"
