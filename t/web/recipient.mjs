/*
 * What a recipient does in Chromium: opens the file, proves the mailbox at
 * the portal, reads.  Codes are read from the folder of the mail server that
 * a test plays (Postern::Sink).
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);

export const DESKTOP = { viewport: { width: 1280, height: 800 } };
export const PHONE = { viewport: { width: 360, height: 740 },
	isMobile: true, hasTouch: true };

export function launch() {
	const { chromium } = require("playwright-core");
	return chromium.launch({
		executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
		args: ["--headless", "--no-sandbox", "--disable-gpu",
			"--disable-quic", "--no-first-run",
			"--disable-background-networking",
			"--disable-component-update", "--disable-sync"]
	});
}

/* Wait for a condition; its value, or undefined after the time. */
export async function waitFor(what, milliseconds = 20000) {
	const end = Date.now() + milliseconds;
	while (Date.now() < end) {
		const value = await what();
		if (value) {
			return value;
		}
		await new Promise((done) => setTimeout(done, 20));
	}
	return undefined;
}

function codesIn(folder, address) {
	return fs.readdirSync(folder).filter((name) => name.endsWith(".msg"))
		.sort().map((name) => fs.readFileSync(path.join(folder, name),
			"latin1"))
		.filter((mail) => mail.includes(`\nto=${address}\n`))
		.map((mail) => /^Your code: (\d{4} \d{4})\r?$/m.exec(mail))
		.filter((found) => found).map((found) => found[1]);
}

/* The newest code for an address behind the first known ones. */
export async function nextCode(folder, address, known) {
	return waitFor(() => {
		const codes = codesIn(folder, address);
		return codes.length > known && codes[codes.length - 1];
	});
}

/* From the page of the message to the page behind the code. */
export async function proveMailbox(page, folder, address) {
	const known = codesIn(folder, address).length;
	await page.getByRole("button", { name: "E-mail me a code" }).click();
	const code = await nextCode(folder, address, known);
	if (!code) {
		throw new Error(`no code for ${address} came`);
	}
	await page.getByLabel("Code").fill(code);
	await page.getByRole("button", { name: "Continue" }).click();
	return code;
}

/* Open the file by its script: the window, the code, the message. */
export async function openByScript(page, folder, address) {
	const [portal] = await Promise.all([page.waitForEvent("popup"),
		page.click("#open")]);
	await proveMailbox(portal, folder, address);
	await page.waitForSelector("#message", { state: "visible" });
}

/* Open it by its form, as a browser without script does. */
export async function openByForm(page, folder, address) {
	await page.click("#online");
	await proveMailbox(page, folder, address);
	await page.waitForSelector("main.message");
}

export async function save(page, selector) {
	const [got] = await Promise.all([page.waitForEvent("download"),
		page.click(selector)]);
	return { name: got.suggestedFilename(),
		bytes: fs.readFileSync(await got.path()) };
}

/* What axe finds that is serious or worse, as words. */
export async function axe(page) {
	const source = fs.readFileSync(
		require.resolve("axe-core/axe.min.js"), "utf8");
	/* The page's policy lets in no script; the debugger does. */
	return page.evaluate(`${source}; axe.run({ iframes: false })` +
		`.then((r) => r.violations.filter((v) => ` +
		`["serious", "critical"].includes(v.impact))` +
		`.map((v) => v.id + " " + v.nodes[0].target))`);
}

/* TAP */
let number = 0;
let failures = 0;
export function ok(isGood, name) {
	console.log(`${isGood ? "ok" : "not ok"} ${++number} - ${name}`);
	if (!isGood) {
		console.error(`# failed: ${name}`);
		failures++;
	}
}
export function finish() {
	console.log(`1..${number}`);
	process.exitCode = failures === 0 ? 0 : 1;
}
