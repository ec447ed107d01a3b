/*
 * securedoc.html from file:// in Chromium: opened by script with a portal
 * that hands the key back, and sent by its form without script.  What was
 * sent comes out byte for byte; what is hostile in it does nothing.
 *
 *   node envelope_file.spec.mjs MAKER
 *
 * MAKER is the unit test secure_envelope_mail_test, which makes the files.
 * Needs playwright-core, and axe-core if it is there (NODE_PATH).  TAP.
 */
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const maker = process.argv[2];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "envelope-"));

let number = 0;
let failures = 0;
function ok(isGood, name) {
	console.log(`${isGood ? "ok" : "not ok"} ${++number} - ${name}`);
	failures += isGood ? 0 : 1;
}

/* ---- the message ---- */

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk" +
	"YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const HOSTILE = "<h1 style=3D\"color:red\">Gr=C3=BC=C3=9Fe</h1>" +
	"<img src=3D\"cid:dot\" id=3Ddot>" +
	"<script>parent.document.title=3D'owned';alert(1)</script>" +
	"<img src=3D\"http://127.0.0.1:PORT/spy.png\" " +
	"onerror=3D\"alert(2)\">" +
	"<style>@import url(http://127.0.0.1:PORT/spy.css);</style>" +
	"<div style=3D\"background:url(http://127.0.0.1:PORT/spy2.png)\">" +
	"x</div>" +
	"<meta http-equiv=3Drefresh content=3D\"0;url=3Dhttp://127.0.0.1:PORT" +
	"/spy.html\"><base href=3D\"http://127.0.0.1:PORT/\">" +
	"<form action=3D\"http://127.0.0.1:PORT/spy\"><input name=3Da>" +
	"<input type=3Dsubmit id=3Dsend></form>" +
	"<link rel=3Dstylesheet href=3D\"http://127.0.0.1:PORT/spy3.css\">" +
	"<iframe src=3D\"http://127.0.0.1:PORT/spy4.html\"></iframe>" +
	"<svg><a href=3D\"javascript:alert(3)\"><text>y</text></a></svg>";

function wrapLines(text, length) {
	return text.replace(new RegExp(`(.{${length}})`, "g"), "$1\r\n");
}

function soft(text) {
	return text.replace(/((?:=[0-9A-F]{2}|[^=\n]){60})/g, "$1=\r\n");
}

function makeMessage(port, size) {
	const random = crypto.randomBytes(size);
	const parts = [
		"Content-Type: text/html; charset=utf-8\r\n" +
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n" +
		soft(HOSTILE.replace(/PORT/g, port)),
		"Content-Type: image/png\r\nContent-ID: <dot>\r\n" +
		"Content-Disposition: inline; filename=dot.png\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n" +
		wrapLines(PNG, 76),
		"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" +
		"\x1b$BF|K\\8l\x1b(B <script>alert(4)</script>",
		"Content-Type: application/octet-stream\r\n" +
		"Content-Disposition: attachment; filename=\"r\xe9.bin\"\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n" +
		wrapLines(random.toString("base64"), 76),
		"Content-Type: text/x-note\r\n" +
		"Content-Disposition: attachment; filename=uu.txt\r\n" +
		"Content-Transfer-Encoding: x-uuencode\r\n\r\n" +
		"begin 644 uu.txt\r\n#0V%T\r\n`\r\nend"
	];
	const message = "From: Alice <alice@example.com>\r\n" +
		"To: Bob <bob@partner.example>\r\n" +
		"Subject: =?utf-8?Q?</title><script>alert(5)</script>" +
		"_=E2=82=AC?=\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
		parts.map((part) => `--b\r\n${part}\r\n`).join("") +
		"--b--\r\n";
	return { bytes: Buffer.from(message, "latin1"), random };
}

/* ---- the portal ---- */

const portal = { share: null, seen: [], posted: null, answer: "right" };

function wrap(id, publicKey, share) {
	const own = crypto.createECDH("prime256v1");
	own.generateKeys();
	const info = Buffer.concat([Buffer.from("postern hand-back v1"),
		own.getPublicKey(), publicKey]);
	const bits = Buffer.from(crypto.hkdfSync("sha256",
		own.computeSecret(publicKey), id, info, 44));
	const start = Buffer.concat([Buffer.from([1]), own.getPublicKey()]);
	const cipher = crypto.createCipheriv("aes-256-gcm",
		bits.subarray(0, 32), bits.subarray(32));
	cipher.setAAD(start);
	return Buffer.concat([start, cipher.update(share), cipher.final(),
		cipher.getAuthTag()]);
}

function handBack(url) {
	const id = Buffer.from(url.pathname.slice(3), "hex");
	const publicKey = Buffer.from(url.searchParams.get("handback"),
		"base64url");
	const share = Buffer.from(portal.share);
	share[0] ^= portal.answer === "other" ? 1 : 0;
	const wrapped = wrap(id, publicKey, share);
	wrapped[80] ^= portal.answer === "broken" ? 1 : 0;
	const data = JSON.stringify({ type: "postern-key",
		id: id.toString("hex"),
		wrapped: wrapped.toString("base64url") });
	const icon = "<link rel=icon href='data:,'>";
	return portal.answer === "close" ? "<script>close()</script>" :
		icon + `<script>opener.postMessage({type:"postern-key"},` +
		`"*");` +
		`opener.postMessage(${data}, "*")</script>`;
}

const server = http.createServer((request, response) => {
	const url = new URL(request.url, "http://127.0.0.1");
	const pieces = [];
	portal.seen.push(url.pathname);
	request.on("data", (piece) => pieces.push(piece));
	request.on("end", () => {
		response.setHeader("Content-Type", "text/html");
		if (url.pathname.startsWith("/m/")) {
			response.end(handBack(url));
			return;
		}
		if (url.pathname === "/open") {
			portal.posted = Buffer.concat(pieces)
				.toString("latin1");
		}
		response.end("<title>portal</title>here");
	});
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const port = server.address().port;

/* ---- the browser ---- */

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
	args: ["--headless", "--no-sandbox"]
});

function makeFile(name, message, url) {
	const source = path.join(folder, `${name}.eml`);
	const target = path.join(folder, `${name}.html`);
	fs.writeFileSync(source, message);
	portal.share = Buffer.from(execFileSync(maker,
		[source, url || `http://127.0.0.1:${port}`, target])
		.toString().trim(), "hex");
	return target;
}

async function openFile(file, options) {
	const context = await browser.newContext({ acceptDownloads: true,
		...options });
	const page = await context.newPage();
	page.problems = [];
	page.on("dialog", (dialog) => {
		page.problems.push(`dialog ${dialog.message()}`);
		dialog.dismiss();
	});
	page.on("pageerror", (error) => page.problems.push(String(error)));
	portal.seen.length = 0;
	await page.goto(`file://${file}`);
	return page;
}

async function download(page, selector) {
	const [got] = await Promise.all([page.waitForEvent("download"),
		page.click(selector)]);
	return { name: got.suggestedFilename(),
		bytes: fs.readFileSync(await got.path()) };
}

async function axe(page, name) {
	let source;
	try {
		source = fs.readFileSync(require.resolve(
			"axe-core/axe.min.js"), "utf8");
	} catch {
		ok(true, `${name}: axe # SKIP axe-core is not installed`);
		return;
	}
	/* The page's policy lets in no script; the debugger does. */
	const found = await page.evaluate(`${source}; axe.run({ runOnly: ` +
		`["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", ` +
		`"best-practice"], iframes: false }).then((r) => ` +
		`r.violations.map((v) => v.id + " " + v.nodes[0].target))`);
	ok(found.length === 0, `${name}: axe finds nothing ${found}`);
}

const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 320, height: 640 }, isMobile: true,
	hasTouch: true };

async function checkOpened(page, name, message) {
	ok(await page.textContent("#subject") ===
		"</title><script>alert(5)</script> \u20ac",
		`${name}: the true subject`);
	ok((await page.textContent("#body > div")).startsWith(
		"\u65e5\u672c\u8a9e <script>"), `${name}: Japanese, as text`);
	const frame = page.frames().find((one) =>
		one.parentFrame() === page.mainFrame());
	ok(await frame.textContent("h1") === "Gr\u00fc\u00dfe",
		`${name}: HTML is shown`);
	ok(await frame.evaluate(() =>
		document.getElementById("dot").naturalWidth) === 1,
		`${name}: the picture within is shown`);
	const file = await download(page, "[aria-label$='r\u00e9.bin']");
	ok(file.bytes.equals(message.random) && file.name === "r\u00e9.bin",
		`${name}: the attachment's bytes and name`);
	const note = await download(page, "[aria-label='Save uu.txt']");
	ok(note.bytes.toString() === "Cat", `${name}: uuencode`);
	const whole = await download(page, "#whole");
	ok(whole.bytes.equals(message.bytes), `${name}: the whole message`);
	await frame.click("#send").catch(() => {});
	await page.waitForTimeout(500);
	ok(portal.seen.every((one) => one.startsWith("/m/")),
		`${name}: the network was left alone ${portal.seen}`);
	ok(page.problems.length === 0 &&
		await page.title() === "Message from alice@example.com",
		`${name}: no script ran ${page.problems}`);
}

async function tryScript(name, size, profile) {
	const message = makeMessage(port, size);
	const page = await openFile(makeFile("script", message.bytes),
		profile);
	if (size < 100000) {
		await axe(page, `${name}, closed`);
	}
	const began = Date.now();
	await page.click("#open");
	await page.waitForSelector("#message", { state: "visible" });
	console.log(`# ${name}: ${Date.now() - began} ms after the click`);
	ok(await page.evaluate(() => document.activeElement.id) === "subject",
		`${name}: the focus is on the message`);
	if (size < 100000) {
		await axe(page, `${name}, open`);
		ok(await page.evaluate(() => document.documentElement
			.scrollWidth <= window.innerWidth),
			`${name}: nothing sticks out`);
	}
	await checkOpened(page, name, message);
	await page.context().close();
}

async function tryForm(name, size, profile) {
	const message = makeMessage(port, size);
	const file = makeFile("form", message.bytes);
	const page = await openFile(file, { ...profile,
		javaScriptEnabled: false });
	ok(!await page.isVisible("#open"), `${name}: no dead button`);
	await Promise.all([page.waitForURL("**/open"),
		page.click("#online")]);
	const fields = portal.posted.split(/--+WebKitFormBoundary\w+/)
		.slice(1, 4).map((part) => part.split("\r\n\r\n"));
	const text = fs.readFileSync(file, "latin1");
	const inFile = [/name="header" value="([^"]*)"/,
		/name="share" value="([^"]*)"/, /name="payload"[^>]*>([^<]*)</]
		.map((one) => one.exec(text)[1].replace(/\s/g, ""));
	ok(["header", "share", "payload"].every((field, i) =>
		fields[i][0].includes(`name="${field}"`) &&
		fields[i][1].replace(/\s/g, "") === inFile[i]),
		`${name}: the fields in their order, whole`);
	await page.context().close();
}

async function tryTrouble(answer, text) {
	const message = makeMessage(port, 1000);
	const page = await openFile(makeFile("trouble", message.bytes),
		DESKTOP);
	portal.answer = answer;
	await page.click("#open");
	await page.waitForFunction(() => document.querySelector(
		"#status.trouble"));
	ok((await page.textContent("#status")).includes(text) &&
		await page.isVisible("#online") &&
		!await page.isVisible("#message"), `${answer}: says so`);
	portal.answer = "right";
	await page.click("#open");
	await page.waitForSelector("#message", { state: "visible" });
	ok(true, `${answer}: can be tried again`);
	await page.context().close();
}

async function tryBlocked() {
	const page = await openFile(makeFile("blocked", "\r\nx"), DESKTOP);
	await page.evaluate(() => {
		window.open = () => null;
	});
	await page.click("#open");
	ok((await page.textContent("#status")).includes("did not allow"),
		"blocked: says so");
	await page.context().close();
}

try {
	for (const [name, size] of [["10 kB", 10000], ["1 MB", 1000000],
		["10 MB", 10000000]]) {
		await tryScript(`script, ${name}`, size, DESKTOP);
		await tryForm(`form, ${name}`, size, DESKTOP);
	}
	await tryScript("script, phone", 10000, PHONE);
	await tryScript("script, dark", 10000, { ...DESKTOP,
		colorScheme: "dark" });
	await tryForm("form, phone", 10000, PHONE);
	await tryTrouble("broken", "cannot be used");
	await tryTrouble("other", "damaged");
	await tryTrouble("close", "was closed");
	await tryBlocked();
} finally {
	await browser.close();
	server.close();
	fs.rmSync(folder, { recursive: true });
}
console.log(`1..${number}`);
process.exitCode = failures === 0 ? 0 : 1;
