#!/usr/bin/env bash
# Prints records, for example: kafka-console-consumer.sh --topic crypto_prices --from-beginning
source "$(dirname "${BASH_SOURCE[0]}")/lab-env.sh"
run_kafka_command kafka.tools.ConsoleConsumer "$@"
