#!/usr/bin/env bash
# Lists, creates and describes topics, for example: kafka-topics.sh --list
source "$(dirname "${BASH_SOURCE[0]}")/lab-env.sh"
run_kafka_command kafka.admin.TopicCommand "$@"
