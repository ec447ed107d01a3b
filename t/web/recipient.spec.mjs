/*
 * Recipients in Chromium at a running gateway: every size with and without
 * script, on a desktop and on a phone, and every way to be turned away.
 *
 *   node recipient.spec.mjs FOLDER CASES POSTERN SOCKET CLOCK
 *
 * FOLDER has the mail that recipients get.  CASES is a file of JSON: envelope
 * files with what was sent, made by t/web_recipient.t.  TAP.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import { axe, DESKTOP, finish, launch, ok, openByForm, openByScript, PHONE,
	proveMailbox, save } from "./recipient.mjs";

const [folder, list, postern, socket, clock] = process.argv.slice(2);
const cases = JSON.parse(fs.readFileSync(list));
const browser = await launch();

async function openFile(file, options) {
	const context = await browser.newContext({ acceptDownloads: true,
		ignoreHTTPSErrors: true, ...options });
	const page = await context.newPage();
	page.problems = [];
	context.on("dialog", (dialog) => {
		page.problems.push(`dialog ${dialog.message()}`);
		dialog.dismiss();
	});
	/*
	 * A frame that may not load shows Chromium's own page, whose script
	 * can fail when the page around it goes away.
	 */
	page.on("pageerror", (error) => {
		const where = String(error.stack);
		if (!where.includes("chrome-error://chromewebdata/")) {
			page.problems.push(where);
		}
	});
	await page.goto(`file://${file}`);
	return page;
}

/* Ten and more seconds go by for the gateway, none for us. */
function moveClock(seconds) {
	const bytes = fs.readFileSync(clock);
	bytes.writeBigInt64LE(bytes.readBigInt64LE(0) +
		BigInt(seconds) * 1000000n, 0);
	const out = fs.openSync(clock, "r+");
	fs.writeSync(out, bytes);
	fs.closeSync(out);
}

function command(...words) {
	return execFileSync(postern, ["--socket", socket, ...words])
		.toString();
}

/* What was sent is the end of it; the gateway's trace stands before. */
function isWhole(bytes, one) {
	const clear = fs.readFileSync(one.clear);
	return bytes.subarray(bytes.length - clear.length).equals(clear);
}

/* The one address that the mails try to reach, in every way. */
const reached = [];
const spy = http.createServer((request, response) => {
	reached.push(request.url);
	response.end();
});
await new Promise((done) => spy.listen(cases.spy, "127.0.0.1", done));

await fetch(`http://127.0.0.1:${cases.spy}/seen`);
ok(reached.pop() === "/seen", "who reaches that address is seen");

async function quiet(page, name) {
	/* What begins late has a moment to do so. */
	await page.waitForTimeout(300);
	ok(reached.length === 0 && page.problems.length === 0, `${name}: ` +
		`what is hostile in it does nothing ${page.problems} ` +
		reached);
	reached.length = 0;
}

async function tryScript(one, name, profile) {
	const page = await openFile(one.file, profile);
	await openByScript(page, folder, one.to);
	ok(isWhole((await save(page, "#whole")).bytes, one),
		`${name}: the whole message`);
	ok((await save(page, "#list button")).bytes.equals(
		fs.readFileSync(one.attachment)), `${name}: the attachment`);
	await quiet(page, name);
	if (one.size === "10 KB") {
		const found = await axe(page);
		ok(found.length === 0, `${name}: axe ${found}`);
	}
	await page.context().close();
}

async function tryForm(one, name, profile) {
	const page = await openFile(one.file, { ...profile,
		javaScriptEnabled: false });
	await openByForm(page, folder, one.to);
	ok(isWhole((await save(page, "a[href$='message.eml']")).bytes, one),
		`${name}: the whole message`);
	ok((await save(page, "a[href$='/1']")).bytes.equals(
		fs.readFileSync(one.attachment)), `${name}: the attachment`);
	await quiet(page, name);
	await page.context().close();
}

/* The pages before the message, with script for axe alone. */
async function tryPages(one) {
	const page = await openFile(one.file, PHONE);
	await page.click("#online");
	let found = await axe(page);
	ok(found.length === 0, `the page of the message: axe ${found}`);
	ok(await page.evaluate(() => document.documentElement.scrollWidth <=
		window.innerWidth), "it fits a phone");
	await page.getByRole("button", { name: "E-mail me a code" }).click();
	await page.getByLabel("Code").fill("00000000");
	await page.getByRole("button", { name: "Continue" }).click();
	ok((await page.textContent("[role=alert]")).includes("4"),
		"a wrong code: four tries left");
	found = await axe(page);
	ok(found.length === 0, `the page of the code: axe ${found}`);
	ok(await page.evaluate(() => document.activeElement.id) === "code",
		"the field keeps the focus");
	await page.context().close();
}

async function tryCodes(one) {
	const page = await openFile(one.file, DESKTOP);
	const [portal] = await Promise.all([page.waitForEvent("popup"),
		page.click("#open")]);
	const code = await proveMailbox(portal, folder, one.to);
	await page.waitForSelector("#message", { state: "visible" });
	await page.context().close();

	moveClock(1000);
	const again = await openFile(one.file, { ...DESKTOP,
		javaScriptEnabled: false });
	await again.click("#online");
	await again.getByRole("button", { name: "E-mail me a code" }).click();
	await again.getByLabel("Code").fill(code);
	await again.getByRole("button", { name: "Continue" }).click();
	ok(await again.isVisible("[role=alert]"), "a used code opens nothing");
	moveClock(16 * 60);
	await again.getByLabel("Code").fill(code);
	await again.getByRole("button", { name: "Continue" }).click();
	ok(!(await again.content()).includes("main class=\"message\""),
		"an expired one neither");
	await again.context().close();
}

async function tryState(one, act, words) {
	command("envelope", ...act);
	const page = await openFile(one.file, DESKTOP);
	const [portal] = await Promise.all([page.waitForEvent("popup"),
		page.click("#open")]);
	await portal.waitForSelector("h1");
	ok((await portal.textContent("main")).includes(words),
		`${act[0]}: ${words}`);
	await page.context().close();
	const form = await openFile(one.file, { ...DESKTOP,
		javaScriptEnabled: false });
	await form.click("#online");
	ok((await form.textContent("main")).includes(words),
		`${act[0]}: ${words}, by the form`);
	await form.context().close();
}

async function tryStranger(one) {
	const context = await browser.newContext({ ignoreHTTPSErrors: true,
		...DESKTOP });
	const page = await context.newPage();
	const mails = () => fs.readdirSync(folder).length;
	const before = mails();
	await page.goto(one.portal + one.link);
	await page.getByLabel("Your e-mail address")
		.fill("stranger@elsewhere.test");
	await page.getByRole("button", { name: "E-mail me a code" }).click();
	ok((await page.textContent("[role=status]")).includes(
		"If this address received the message"),
		"an unknown recipient is told what everybody is told");
	ok(mails() === before, "and gets no mail");
	await context.close();
}

try {
	for (const one of cases.open) {
		const name = `${one.size}, ${one.way}, ${one.device}`;
		const profile = one.device === "phone" ? PHONE : DESKTOP;
		await (one.way === "script" ? tryScript : tryForm)(one, name,
			profile);
	}
	await tryPages(cases.pages);
	await tryCodes(cases.codes);
	await tryStranger(cases.stranger);
	const id = cases.state.link.slice(3);
	await tryState(cases.state, ["lock", id], "withdrawn");
	command("envelope", "unlock", id);
	await tryState(cases.state, ["expire", id, "2020-01-01T00:00:00Z"],
		"expired");
} finally {
	await browser.close();
	spy.close();
}
finish();
