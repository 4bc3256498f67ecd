#!/usr/bin/env bash
# Kafka's own load test, for example:
#   kafka-producer-perf-test.sh --topic crypto_prices --num-records 100000 --record-size 90 --throughput -1
source "$(dirname "${BASH_SOURCE[0]}")/lab-env.sh"
for argument in "$@"; do
  case $argument in --producer-props | --help) run_kafka_class org.apache.kafka.tools.ProducerPerformance "$@" ;; esac
done
run_kafka_class org.apache.kafka.tools.ProducerPerformance "$@" --producer-props bootstrap.servers="$KAFKA_SERVER"
