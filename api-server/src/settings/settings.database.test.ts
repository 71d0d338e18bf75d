import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import {
  asking,
  type Headers,
  signedIn,
  type TestParts,
  type TestTenant,
  testParts,
  testTenant,
  testUser,
} from "../testing/parts.ts";

let running: TestParts;
let parts: Parts;
let app: App;
let tenant: TestTenant;
let headers: Headers;

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  app = await buildApp(parts);
  tenant = await testTenant(parts);
  headers = (await signedIn(app, tenant, await testUser(parts, tenant, "admin"))).headers;
});

afterAll(async () => {
  await app.close();
  await running.close();
});

const URL = "/api/v1/tenants/current/settings";
const ask = asking(() => app);

const change = (body: object, etag = "*", by = headers) => ask("PATCH", URL, { ...by, "if-match": etag }, body);

async function someone(role: "admin" | "member" | "viewer" = "admin") {
  const made = await testTenant(parts);
  return { ...made, ...(await signedIn(app, made, await testUser(parts, made, role))) };
}

const DEFAULTS = {
  branding: { display_name: null, primary_color: null, logo_url: null },
  locale: "en",
  timezone: "UTC",
  feature_flags: {},
  retention_days: 365,
  billing: { billing_email: null, legal_name: null, address: null, vat_id: null, po_number: null },
  mfa_policy: "off",
};

const ADDRESS = { lines: ["Bahnhofstrasse 1"], city: "Zürich", postal_code: "8001", region: null, country: "CH" };

describe("the settings", () => {
  test("are the defaults where no row was made, and where one was made with the tenant", async () => {
    const answer = await ask("GET", URL, (await someone()).headers);
    expect(answer).toMatchObject({ status: 200, headers: { etag: expect.stringMatching(/^".+"$/) } });
    expect(answer.body).toEqual(DEFAULTS);
    const made = (await ask("POST", "/tenants", {}, { organization_name: "Made", subdomain: "made" })).body;
    expect(await parts.database.read(made.id, (db) => db.tenantSettings.count())).toBe(1);
    const owner = await testUser(parts, made);
    const fresh = await ask("GET", URL, (await signedIn(app, made, owner)).headers);
    expect([fresh.body, fresh.headers["etag"]]).toEqual([DEFAULTS, answer.headers["etag"]]);
  });

  test("are merged: what is left out stays, null goes back to the default", async () => {
    const { headers: by } = await someone();
    const first = {
      branding: { display_name: "Acme", primary_color: "#1A73E8" },
      locale: "de-ch",
      timezone: "europe/zurich",
      feature_flags: { beta: true, "new-editor": false },
      retention_days: 90,
      billing: {
        billing_email: "pay@acme.example",
        legal_name: "Acme AG",
        address: ADDRESS,
        vat_id: "CHE-123.456.789",
      },
      mfa_policy: "required",
    };
    const changed = await change(first, "*", by);
    expect(changed).toMatchObject({
      status: 200,
      body: {
        ...first,
        branding: { display_name: "Acme", primary_color: "#1a73e8", logo_url: null },
        locale: "de-CH",
        timezone: "Europe/Zurich",
        billing: { ...first.billing, po_number: null },
      },
    });
    expect(await ask("GET", URL, by)).toMatchObject({ body: changed.body, headers: { etag: changed.headers["etag"] } });
    const second = {
      branding: { display_name: null },
      locale: null,
      feature_flags: { beta: null, next: true },
      billing: { address: { postal_code: null, lines: ["Other street 2", "c/o Jane"] }, vat_id: null },
      mfa_policy: null,
    };
    expect((await change(second, "*", by)).body).toEqual({
      ...changed.body,
      branding: { display_name: null, primary_color: "#1a73e8", logo_url: null },
      locale: "en",
      feature_flags: { "new-editor": false, next: true },
      billing: {
        ...changed.body.billing,
        address: { ...ADDRESS, postal_code: null, lines: ["Other street 2", "c/o Jane"] },
        vat_id: null,
      },
      mfa_policy: "off",
    });
    const none = Object.fromEntries(Object.keys(DEFAULTS).map((key) => [key, null]));
    expect((await change(none, "*", by)).body).toEqual(DEFAULTS);
  });

  test("are changed by who saw them as they are: 428 without If-Match, 412 with an older one [lost update]", async () => {
    const { headers: by, id } = await someone();
    const { etag = "" } = (await ask("GET", URL, by)).headers;
    expect(await ask("PATCH", URL, by, { locale: "fr" })).toMatchObject({
      status: 428,
      body: { error_code: "PRECONDITION_REQUIRED" },
    });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => change({ retention_days: 100 + at }, String(etag), by)),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    for (const { status, body } of answers.filter((answer) => answer !== won[0])) {
      expect([status, body.error_code]).toEqual([412, "PRECONDITION_FAILED"]);
    }
    expect((await ask("GET", URL, by)).body).toEqual(won[0]?.body);
    const now = String(won[0]?.headers["etag"]);
    for (const wrong of [`W/${now}`, now.replaceAll('"', ""), `"${now}"`, "", '"*"']) {
      expect((await change({ locale: "fr" }, wrong, by)).status).toBe(412);
    }
    expect(await change({ locale: "fr" }, `"other", ${now}`, by)).toMatchObject({ status: 200 });
    const before = await parts.database.read(id, (db) => db.tenantSettings.findFirst());
    expect(await change({ locale: "fr" }, "*", by)).toMatchObject({ status: 200 });
    expect(await parts.database.read(id, (db) => db.tenantSettings.findFirst())).toEqual(before);
  });

  test("need not be read again by who has them", async () => {
    const { etag = "" } = (await ask("GET", URL, headers)).headers;
    expect(await ask("GET", URL, { ...headers, "if-none-match": String(etag) })).toMatchObject({ status: 304 });
    expect(await ask("GET", URL, { ...headers, "if-none-match": '"other"' })).toMatchObject({ status: 200 });
  });

  test.each([
    [{ locale: "klingonisch" }, "body.locale"],
    [{ locale: "de_CH" }, "body.locale"],
    [{ locale: "a\0" }, "body.locale"],
    [{ timezone: "Mars/Olympus" }, "body.timezone"],
    [{ timezone: "+01:00" }, "body.timezone"],
    [{ branding: { primary_color: "red" } }, "body.branding.primary_color"],
    [{ branding: { logo_url: "https://evil.example/x.svg" } }, "body.branding.logo_url"],
    [{ branding: { display_name: "a\nb" } }, "body.branding.display_name"],
    [{ feature_flags: { "9": true } }, "body.feature_flags[9]"],
    [{ feature_flags: { ["x".repeat(65)]: true } }, `body.feature_flags.${"x".repeat(65)}`],
    [{ feature_flags: { beta: "yes" } }, "body.feature_flags.beta"],
    [
      { feature_flags: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`f${at}`, true])) },
      "body.feature_flags",
    ],
    [{ retention_days: 29 }, "body.retention_days"],
    [{ retention_days: 1e9 }, "body.retention_days"],
    [{ billing: { billing_email: "nobody" } }, "body.billing.billing_email"],
    [{ billing: { address: { city: "Zürich" } } }, "body.billing.address.lines"],
    [{ billing: { address: { ...ADDRESS, country: "XK" } } }, "body.billing.address.country"],
    [{ billing: { address: { ...ADDRESS, country: "EU" } } }, "body.billing.address.country"],
    [{ billing: { address: { ...ADDRESS, lines: [] } } }, "body.billing.address.lines"],
    [{ mfa_policy: "sometimes" }, "body.mfa_policy"],
    [{ lokale: "de" }, "body.lokale"],
  ])("that are none are refused with their place: %j", async (body, path) => {
    const { headers: by } = await someone();
    const answer = await change(body, "*", by);
    expect(answer).toMatchObject({ status: 400, body: { error_code: "VALIDATION_FAILED" } });
    expect(answer.body.errors.map((fault: { path: string }) => fault.path)).toContain(path);
    expect((await ask("GET", URL, by)).body).toEqual(DEFAULTS);
  });

  test("are read by everybody and changed by admins, each of their own tenant alone", async () => {
    const viewer = await someone("viewer");
    expect((await ask("GET", URL, viewer.headers)).status).toBe(200);
    expect((await change({ locale: "fr" }, "*", viewer.headers)).status).toBe(403);
    expect((await change({ locale: "fr" }, "*", (await someone("member")).headers)).status).toBe(403);
    const other = await someone();
    expect((await change({ locale: "fr" }, "*", { ...other.headers, "x-tenant-id": tenant.id })).status).toBe(403);
    await change({ locale: "fr" }, "*", other.headers);
    expect((await ask("GET", URL, headers)).body.locale).toBe("en");
  });
});

const LOGO = `${URL}/logo`;
const put = async (payload: Buffer, type: string, by = headers) => {
  const answer = await app.inject({ method: "PUT", url: LOGO, headers: { ...by, "content-type": type }, payload });
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
};
const image = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 4, background: "#1a73e880" }, limitInputPixels: false });

describe("the logo", () => {
  test.each(["png", "jpeg", "webp"] as const)(
    "sent as %s is kept as a PNG of our own, without its metadata",
    async (kind) => {
      const { headers: by } = await someone();
      const exif = { IFD0: { Copyright: "SECRET-PLACE" } };
      const sent = await image(1200, 600).withExif(exif).toFormat(kind).toBuffer();
      expect(sent.includes("SECRET-PLACE")).toBe(true);
      const answer = await put(sent, `image/${kind}`, by);
      expect(answer.status).toBe(200);
      const url = answer.body.branding.logo_url;
      const got = await app.inject({ url, headers: by });
      expect(got).toMatchObject({ statusCode: 200, headers: { "content-type": "image/png" } });
      expect(got.headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "private, no-cache",
      });
      const { format, width, height } = await sharp(got.rawPayload).metadata();
      expect([format, width, height, got.rawPayload.includes("SECRET-PLACE")]).toEqual(["png", 512, 256, false]);
      const again = await app.inject({ url, headers: { ...by, "if-none-match": String(got.headers["etag"]) } });
      expect([again.statusCode, again.rawPayload.length]).toEqual([304, 0]);
    },
  );

  test("is one's own tenant's, changes the settings' ETag, and is gone when it is taken away", async () => {
    const { headers: by } = await someone();
    const before = (await ask("GET", URL, by)).headers["etag"];
    const answer = await put(await image(10, 10).png().toBuffer(), "image/png", by);
    expect(answer.headers["etag"]).not.toBe(before);
    expect((await ask("GET", URL, by)).headers["etag"]).toBe(answer.headers["etag"]);
    expect((await change({ locale: "fr" }, String(before), by)).status).toBe(412);
    expect((await change({ locale: "fr" }, String(answer.headers["etag"]), by)).body.branding).toEqual(
      answer.body.branding,
    );
    const { headers: stranger } = await someone();
    expect(await ask("GET", answer.body.branding.logo_url, stranger)).toMatchObject({
      status: 404,
      body: { error_code: "LOGO_NOT_FOUND" },
    });
    expect((await ask("DELETE", LOGO, by)).status).toBe(204);
    for (const method of ["GET", "DELETE"] as const) expect((await ask(method, LOGO, by)).status).toBe(404);
    expect((await ask("GET", URL, by)).body.branding.logo_url).toBeNull();
  });

  test("is no SVG, under whichever name [script in an image]", async () => {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>',
    );
    expect(await put(svg, "image/svg+xml")).toMatchObject({
      status: 415,
      body: { error_code: "UNSUPPORTED_MEDIA_TYPE" },
    });
    expect(await put(svg, "image/png")).toMatchObject({ status: 400, body: { error_code: "LOGO_NOT_VALID" } });
    expect(await put(Buffer.from("{}"), "application/json")).toMatchObject({ status: 415 });
    expect(await put(await image(9, 9).gif().toBuffer(), "image/png")).toMatchObject({ status: 400 });
    const none = await app.inject({ method: "PUT", url: LOGO, headers });
    expect([none.statusCode, none.json().error_code]).toEqual([400, "LOGO_NOT_VALID"]);
  });

  test("is small, also unpacked [decompression bomb]", async () => {
    const bomb = await image(8_000, 8_000).removeAlpha().png({ compressionLevel: 9 }).toBuffer();
    expect(bomb.length).toBeLessThan(524_288);
    expect(await put(bomb, "image/png")).toMatchObject({ status: 400, body: { error_code: "LOGO_NOT_VALID" } });
    expect(await put(Buffer.alloc(524_289, 0x89), "image/png")).toMatchObject({ status: 413 });
    const damaged = (await image(300, 300).png().toBuffer()).subarray(0, 100);
    expect(await put(damaged, "image/png")).toMatchObject({ status: 400 });
  });

  test("of many at once are made one after the other, and too many are told to wait [flood]", async () => {
    const sent = await image(2_000, 2_000).removeAlpha().png().toBuffer();
    const many = await Promise.all(Array.from({ length: 20 }, () => someone()));
    const answers = await Promise.all(many.map(({ headers: by }) => put(sent, "image/png", by)));
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(8);
    expect(answers.find(({ status }) => status === 503)?.headers["retry-after"]).toBe("2");
  });

  test("has one place of the few for each organization: one that floods keeps no other waiting [flood]", async () => {
    const sent = await image(2_000, 2_000).removeAlpha().png().toBuffer();
    const { headers: other } = await someone();
    const flood = Array.from({ length: 20 }, () => put(sent, "image/png"));
    expect((await put(sent, "image/png", other)).status).toBe(200);
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, ...Array.from({ length: 19 }, () => 429)]);
    expect((await put(sent, "image/png")).status).toBe(200);
  });

  test("is changed by admins alone", async () => {
    const sent = await image(9, 9).png().toBuffer();
    expect(await put(sent, "image/png", (await someone("member")).headers)).toMatchObject({ status: 403 });
    expect(await put(sent, "image/png", {})).toMatchObject({ status: 400, body: { error_code: "TENANT_REQUIRED" } });
  });
});
