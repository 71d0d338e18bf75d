import { describe, expect, test } from "vitest";
import { modelsIn } from "./models.ts";

describe("the table of models", () => {
  const one = { name: "a", endpoint: "http://localhost:1/v1", context_tokens: 4_096 };

  test.each([
    ["two of one name", [one, one], "names two models alike"],
    ["an address with a password", [{ ...one, endpoint: "http://u:p@localhost/v1" }], "must hold no user"],
    ["a file's address", [{ ...one, endpoint: "file:///etc/passwd" }], "must be an http"],
    ["a field that nobody knows", [{ ...one, key: "secret" }], "Unrecognized key"],
    ["a price below nothing", [{ ...one, price: { input_cents: -1, output_cents: 0 } }], "price.input_cents"],
  ])("with %s is refused at start, and says where", (_what, models, message) => {
    expect(() => modelsIn(JSON.stringify({ models }), "models.json")).toThrow(message);
  });
});
