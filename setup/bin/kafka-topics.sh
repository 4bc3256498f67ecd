#!/usr/bin/env bash
# Kafka's own command for topics, for example: kafka-topics.sh --list
source "$(dirname "${BASH_SOURCE[0]}")/lab-env.sh"
kafka_command kafka.admin.TopicCommand "$@"
