#!/usr/bin/env bash
# Prints records: kafka-console-consumer.sh --topic TOPIC --from-beginning
# Each run of the pipeline has a topic of its own, which it names at its end; kafka-topics.sh --list shows all topics.
source "$(dirname "${BASH_SOURCE[0]}")/lab-env.sh"
run_kafka_command kafka.tools.ConsoleConsumer "$@"
