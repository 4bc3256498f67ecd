// The only module that reads the environment.

export interface Config {
  /** Base URL of the CoinGecko API. */
  coingeckoUrl: string;
  /** CoinGecko's optional demo key; a secret, never logged. */
  coingeckoKey: string | undefined;
  /** URL of the Coinbase Exchange WebSocket feed. */
  coinbaseUrl: string;
}

/** Reads the settings that depend on where the lab runs. An empty variable counts as not set. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  return {
    coingeckoUrl: environment["COINGECKO_URL"] || "https://api.coingecko.com",
    coingeckoKey: environment["COINGECKO_API_KEY"] || undefined,
    coinbaseUrl: environment["COINBASE_URL"] || "wss://ws-feed.exchange.coinbase.com",
  };
}
