/** Where a fault stands, by what a tool says of it. */

export type Place = {
  path: string;
  /** Nothing that is changed elsewhere mends it: no other file lacks what this one asks of it. */
  own: boolean;
};

const TSC_FAULT = /^([^\s(]+)\(\d+,\d+\): error TS(\d+):/gm;
/** What another file does not export, does not have, or is not: the fault may be that one's. */
const OF_ANOTHER_FILE = new Set(["2305", "2307", "2339", "2551", "2613", "2614", "2724"]);

/** Of what tsc says, a place for each fault. */
export function typescriptPlaces(output: string): Place[] {
  return [...output.matchAll(TSC_FAULT)].map(([, path = "", code = ""]) => ({ path, own: !OF_ANOTHER_FILE.has(code) }));
}

const COMPILED = /^ *File "([^"\n]+)", line \d+|^Sorry: \w+: .*\(([^()\n]+), line \d+\)$/gm;

/** Of what py_compile says, which knows syntax alone, and ends at the first file that has it wrong. */
export function pythonPlaces(output: string): Place[] {
  return [...output.matchAll(COMPILED)].map(([, path, named = ""]) => ({ path: path ?? named, own: true }));
}

const NO_FIXTURE = /^E\s+fixture '\w+' not found/m;
const NO_NAME = /^E\s+NameError: name '\w+' is not defined/m;
const STOOD_AT = /^(\S+\.py):\d+:/gm;

/** Of a failed test as pytest tells it: a fixture that there is not, or a name that its own line does not have. */
export function pytestOwn(detail: string, isTest: (path: string) => boolean): boolean {
  if (NO_FIXTURE.test(detail)) return true;
  const last = [...detail.matchAll(STOOD_AT)].at(-1)?.[1];
  return NO_NAME.test(detail) && last !== undefined && isTest(last);
}
