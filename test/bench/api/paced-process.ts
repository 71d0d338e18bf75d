/** `paced` for {@link pacedApart}: what it is to ask comes on stdin, what came of it goes to stdout. */
import { text } from "node:stream/consumers";
import { z } from "zod";
import { paced } from "./paced.ts";

const asking = z.object({
  url: z.string(),
  requests: z.array(
    z.object({
      method: z.enum(["GET", "POST"]),
      path: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string().default(""),
    }),
  ),
  connections: z.number(),
  seconds: z.number(),
  rate: z.number(),
});

process.stdout.write(JSON.stringify(await paced(asking.parse(JSON.parse(await text(process.stdin))))));
