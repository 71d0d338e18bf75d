import { expect, test } from "vitest";
import { argvOf } from "./argv.ts";

test.each([
  ["node src/main.ts 1 2", ["node", "src/main.ts", "1", "2"]],
  [`python3 main.py "a b" 'c "d"' e\\ f`, ["python3", "main.py", "a b", 'c "d"', "e f"]],
  [`x "" ''`, ["x", "", ""]],
  [`a"b c"d`, ["ab cd"]],
  ["echo $HOME | cat; rm *", ["echo", "$HOME", "|", "cat;", "rm", "*"]],
  [`x "a\\"b\\n"`, ["x", 'a"b\\n']],
  ["  ", []],
])("%j is split as a shell does, and nothing in it is run or filled in", (command, argv) => {
  expect(argvOf(command)).toEqual(argv);
});

test("a quote that is not closed is said", () => {
  expect(() => argvOf(`x "a`)).toThrow(/not closed/);
});
