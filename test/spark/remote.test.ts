import { expect, test } from "vitest";
import { UsageError } from "../../labs/shared/errors.js";
import { parseRemote } from "../../labs/spark/remote.js";

test.each([
  ["sc://spark", { address: "spark:15002", useSsl: false }],
  ["sc://spark:1/", { address: "spark:1", useSsl: false }],
  ["sc://[::1]:15002", { address: "[::1]:15002", useSsl: false }],
  ["sc://spark/;", { address: "spark:15002", useSsl: false }],
  ["sc://spark:443/;use_ssl=true", { address: "spark:443", useSsl: true }],
  ["sc://spark:443/;token=a%3Bb%25=@", { address: "spark:443", useSsl: true, token: "a;b%=@" }],
  [
    "sc://spark;user_id=me;token=t",
    { address: "spark:15002", useSsl: true, token: "t", userId: "me" },
  ],
])("the connection string %s", (text, expected) => {
  expect(parseRemote(text)).toEqual({ token: undefined, userId: undefined, ...expected });
});

test.each([
  ["spark:15002", "expected sc://host:port"],
  ["http://spark:1", "expected sc://host:port"],
  ["sc://", "expected sc://host:port"],
  ["sc://spark:x", "expected sc://host:port"],
  ["sc://me:secret@spark", "expected sc://host:port"],
  ["sc://spark/path;token=secret", "expected sc://host:port"],
  ["sc://spark/;token", "a parameter is not name=value"],
  ["sc://spark/;token=", "a parameter is not name=value"],
  ["sc://spark/;secret@host", "a parameter is not name=value"],
  ["sc://spark/;user_agent=secret", "the parameter user_agent is not supported"],
  ["sc://spark/;token=%secret", "write % in token as %25"],
  ["sc://spark/;use_ssl=secret", "use_ssl is true or false"],
  ["sc://spark/;use_ssl=false;token=secret", "without TLS the token could be read by others"],
])("%s is not one, and the error shows no secret", (text, reason) => {
  expect(() => parseRemote(text)).toThrow(UsageError);
  expect(() => parseRemote(text)).toThrow(reason);
  expect(() => parseRemote(text)).not.toThrow(/secret/);
});
