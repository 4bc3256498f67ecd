// All assets in one.

export function windowedQuery(): string {
  return `
    SELECT asset, window_start, count, avg_price, stddev_price,
      (last_price - first_price) / first_price * 100 AS pct_change
    FROM (
      SELECT first(asset) AS asset, window.start AS window_start, count(*) AS count, avg(price_usd) AS avg_price,
        stddev_samp(price_usd) AS stddev_price,
        min_by(price_usd, event_time) AS first_price, max_by(price_usd, event_time) AS last_price
      FROM prices
      GROUP BY window(event_time, '1 minute', '20 seconds')
    )`;
}
