import { AxiosError } from "axios";
import { expect, test } from "vitest";
import { errorMessage } from "../../labs/shared/errors.js";
import { noAnswerReason } from "../../labs/shared/http.js";

test("without internet the reason is said in words", () => {
  for (const code of ["EAI_AGAIN", "ENOTFOUND"]) {
    const text = `getaddrinfo ${code} feed.example`;
    expect(noAnswerReason(new AxiosError(text, code))).toMatch(/there is no internet connection/);
    expect(errorMessage(Object.assign(new Error(text), { code }))).toMatch(/there is no internet/);
  }
  expect(noAnswerReason(new AxiosError("refused", "ECONNREFUSED"))).toBe("ECONNREFUSED");
});
