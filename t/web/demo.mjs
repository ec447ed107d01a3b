/*
 * demo.mjs FILE FOLDER ADDRESS: open an envelope in Chromium by its script,
 * with the code from the folder, and say what is read.
 */
import { DESKTOP, launch, openByScript, save } from "./recipient.mjs";

const [file, folder, address] = process.argv.slice(2);
const browser = await launch();
try {
	/* The demo's authority is nobody that Chromium knows. */
	const context = await browser.newContext({ ...DESKTOP,
		ignoreHTTPSErrors: true });
	const page = await context.newPage();
	await page.goto(`file://${file}`);
	await openByScript(page, folder, address);
	console.log("opened in Chromium, by script, from the file: \"" +
		await page.textContent("#subject") + "\"");
	console.log("it reads: " +
		(await page.textContent("#body > div")).trim());
	const pdf = await save(page, "#list button");
	console.log(`attachment ${pdf.name}: ${pdf.bytes.length} bytes, ` +
		pdf.bytes.subarray(0, 8).toString().trim());
} finally {
	await browser.close();
}
