import { WebSocket } from "ws";
import { sleep } from "../../labs/shared/wait.js";

// The vendor's API as async generators.

/** A message of a venue. Its text goes to the topic as it is. */
export interface Message {
  sequence: number;
  isEnd: boolean;
  text: string;
}

interface Parsed {
  sequence: number;
  end?: boolean;
}

const messageOf = (parsed: Parsed): Message => ({
  sequence: parsed.sequence,
  isEnd: parsed.end === true,
  text: JSON.stringify(parsed),
});

/** The messages after a sequence number that the venue has sent so far, page by page. */
export async function* history(
  feedUrl: string,
  venue: string,
  after: number,
): AsyncGenerator<Message[]> {
  for (;;) {
    const response = await fetch(`${feedUrl}/v1/venues/${venue}/messages?after=${after}`);
    if (response.status === 429) {
      await sleep(Number(response.headers.get("retry-after") ?? 1) * 1_000);
      continue;
    }
    if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
    const { messages } = (await response.json()) as { messages: Parsed[] };
    if (messages.length === 0) return;
    yield messages.map(messageOf);
    after = messages.at(-1)!.sequence;
  }
}

/** What has arrived on a live connection since the last time. */
export interface Received {
  /** The last sequence number that the venue has sent. */
  last: number;
  messages: Message[];
}

/** Listens until the connection ends for any reason. */
export async function* live(feedUrl: string, venue: string): AsyncGenerator<Received> {
  const url = `${feedUrl.replace(/^http/, "ws")}/v1/venues/${venue}/stream`;
  const socket = new WebSocket(url);
  let waiting: Message[] = [];
  let last = 0;
  let isNew = false;
  let wake = () => {};
  socket.on("message", (data) => {
    const parsed = JSON.parse(String(data)) as Partial<Parsed> & { last?: number };
    if (parsed.sequence !== undefined) waiting.push(messageOf(parsed as Parsed));
    last = parsed.sequence ?? parsed.last ?? last;
    isNew = true;
    wake();
  });
  socket.on("error", () => socket.terminate()); // "close" follows
  socket.on("close", () => wake());
  try {
    while (isNew || socket.readyState <= WebSocket.OPEN) {
      if (isNew) {
        const messages = waiting;
        waiting = [];
        isNew = false;
        yield { last, messages };
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    socket.terminate();
  }
}
