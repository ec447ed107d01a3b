/*
 * The script of securedoc.html (PROTOCOL.envelope): asks the key service's
 * page for the other share of the key, decrypts, shows.  Where anything that
 * it needs is missing, it leaves the form as it is.
 */
(function () {
"use strict";

var CURVE = { name: "ECDH", namedCurve: "P-256" };
var IMAGE = /^image\/(png|jpeg|gif|webp|bmp)$/;
var IMAGE_MAX = 5 * 1024 * 1024;
var WRAPPED_LENGTH = 114;
var WRAPPED_START = 66;

var subtle = window.crypto && window.crypto.subtle;
var form = document.forms[0];
var header = null;
var pair = null;
var publicKey = null;
var popup = null;
var watch = 0;

function byId(id) {
	return document.getElementById(id);
}

function word(name) {
	var item = document.querySelector("[data-word=" + name + "]");
	return item.textContent.replace(/\s+/g, " ").trim();
}

function say(name, isTrouble) {
	var status = byId("status");
	status.textContent = name ? word(name) : "";
	status.className = isTrouble ? "trouble" : "";
	if (isTrouble) {
		status.focus();
	}
}

/* ---- bytes ---- */

function ascii(text) {
	return new TextEncoder().encode(text);
}

function join(pieces) {
	var length = 0;
	pieces.forEach(function (piece) {
		length += piece.length;
	});
	var all = new Uint8Array(length);
	var at = 0;
	pieces.forEach(function (piece) {
		all.set(piece, at);
		at += piece.length;
	});
	return all;
}

function hex(bytes) {
	return Array.from(bytes, function (byte) {
		return (byte + 256).toString(16).slice(1);
	}).join("");
}

function base64(bytes) {
	var text = "";
	for (var at = 0; at < bytes.length; at += 32766) {
		text += btoa(String.fromCharCode.apply(null,
			bytes.subarray(at, at + 32766)));
	}
	return text;
}

function base64Url(bytes) {
	return base64(bytes).replace(/\+/g, "-").replace(/\//g, "_")
		.replace(/=+$/, "");
}

var VALUES = (function () {
	var letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" +
		"0123456789+/";
	var values = new Int8Array(256).fill(-1);
	for (var i = 0; i < 64; i++) {
		values[letters.charCodeAt(i)] = i;
	}
	return values;
}());

/* What is left of a group of four characters. */
function flushQuad(out, at, bits, count) {
	if (count > 1) {
		out[at++] = bits >> (count * 6 - 8);
	}
	if (count > 2) {
		out[at++] = bits >> 2;
	}
	return at;
}

/* Junk is skipped; behind padding a new group begins. */
function fromBase64(bytes) {
	var out = new Uint8Array(Math.ceil(bytes.length / 4) * 3 + 3);
	var at = 0;
	var bits = 0;
	var count = 0;
	for (var i = 0; i < bytes.length; i++) {
		var value = VALUES[bytes[i]];
		if (value >= 0) {
			bits = (bits & 0x3ffff) << 6 | value;
			if (++count === 4) {
				out[at++] = bits >> 16;
				out[at++] = bits >> 8;
				out[at++] = bits;
				count = 0;
			}
		} else if (bytes[i] === 61) {
			at = flushQuad(out, at, bits, count);
			count = 0;
		}
	}
	return out.subarray(0, flushQuad(out, at, bits, count));
}

function hexValue(byte) {
	var value = parseInt(String.fromCharCode(byte), 16);
	return isNaN(value) ? -1 : value;
}

/* Where the line ends if only blanks come first; else -1. */
function lineEnd(bytes, at) {
	while (bytes[at] === 32 || bytes[at] === 9) {
		at++;
	}
	if (bytes[at] === 13 && bytes[at + 1] === 10) {
		return at + 2;
	}
	if (bytes[at] === 10) {
		return at + 1;
	}
	return at >= bytes.length ? at : -1;
}

/* RFC 2045 6.7, as mail programs read it. */
function fromQuotedPrintable(bytes) {
	var out = new Uint8Array(bytes.length);
	var at = 0;
	var i = 0;
	while (i < bytes.length) {
		var byte = bytes[i];
		var end = byte === 61 ? lineEnd(bytes, i + 1) : -1;
		if (end >= 0) {
			i = end;
		} else if (byte === 61 && hexValue(bytes[i + 1]) >= 0 &&
			hexValue(bytes[i + 2]) >= 0) {
			out[at++] = hexValue(bytes[i + 1]) * 16 +
				hexValue(bytes[i + 2]);
			i += 3;
		} else if ((byte === 32 || byte === 9) &&
			lineEnd(bytes, i) >= 0) {
			i++;
		} else {
			out[at++] = byte;
			i++;
		}
	}
	return out.subarray(0, at);
}

function uuLine(line) {
	var bits = function (at) {
		var code = line.charCodeAt(at);
		return isNaN(code) ? 0 : code - 32 & 63;
	};
	var out = new Uint8Array(bits(0));
	for (var i = 0; i < out.length; i++) {
		/* Three bytes of four characters: 6 + 2, 4 + 4, 2 + 6. */
		var at = 1 + (i - i % 3) / 3 * 4 + i % 3;
		var shift = 2 + i % 3 * 2;
		out[i] = bits(at) << shift | bits(at + 1) >> 6 - shift;
	}
	return out;
}

/* Without a beginning it is shown as it is. */
function fromUuencode(bytes) {
	var lines = latin1(bytes).split(/\r?\n/);
	var first = lines.findIndex(function (line) {
		return /^begin [0-7]{3,4}(?![0-7])/.test(line);
	});
	var end = lines.findIndex(function (line, at) {
		return at > first && /^[ \t]*end[ \t]*$/.test(line);
	});
	if (first < 0) {
		return bytes;
	}
	return join(lines.slice(first + 1, end < 0 ? lines.length : end)
		.map(uuLine));
}

function latin1(bytes) {
	var text = "";
	for (var at = 0; at < bytes.length; at += 32768) {
		text += String.fromCharCode.apply(null,
			bytes.subarray(at, at + 32768));
	}
	return text;
}

var DECODERS = {
	"none": function (bytes) {
		return bytes;
	},
	"base64": fromBase64,
	"quoted-printable": fromQuotedPrintable,
	"uuencode": fromUuencode
};

/* ---- what the file holds ---- */

function readHeader() {
	var bytes = fromBase64(ascii(form.elements.header.value));
	var view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	var at = 88;
	var texts = [];
	if (latin1(bytes.subarray(0, 6)) !== "PSTE\x01\x01") {
		throw new Error("header");
	}
	for (var i = 0; i < 4; i++) {
		var length = view.getUint16(at, true);
		texts.push(new TextDecoder().decode(
			bytes.subarray(at + 2, at + 2 + length)));
		at += 2 + length;
	}
	return {
		bytes: bytes,
		id: bytes.subarray(8, 24),
		keyId: bytes.subarray(24, 40),
		portal: texts[3]
	};
}

function readPayload() {
	var text = form.elements.payload.value;
	if (Uint8Array.fromBase64) {
		return Uint8Array.fromBase64(text);
	}
	return fromBase64(ascii(text));
}

function readPackage(bytes) {
	var view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	if (latin1(bytes.subarray(0, 5)) !== "PSTP\x01") {
		throw new Error("package");
	}
	var middle = 16 + view.getUint32(8, true);
	if (middle + view.getUint32(12, true) !== bytes.length) {
		throw new Error("package");
	}
	return {
		manifest: JSON.parse(new TextDecoder().decode(
			bytes.subarray(16, middle))),
		message: bytes.subarray(middle)
	};
}

/* ---- keys ---- */

async function derive(input, salt, info) {
	var base = await subtle.importKey("raw", input, "HKDF", false,
		["deriveBits"]);
	var bits = new Uint8Array(await subtle.deriveBits({ name: "HKDF",
		hash: "SHA-256", salt: salt, info: info }, base, 352));
	return {
		key: await subtle.importKey("raw", bits.subarray(0, 32),
			"AES-GCM", false, ["decrypt"]),
		nonce: bits.subarray(32)
	};
}

async function decrypt(secret, additional, sealed) {
	return new Uint8Array(await subtle.decrypt({ name: "AES-GCM",
		iv: secret.nonce, additionalData: additional },
		secret.key, sealed));
}

async function unwrap(wrapped) {
	if (wrapped.length !== WRAPPED_LENGTH || wrapped[0] !== 1) {
		throw new Error("hand-back");
	}
	var start = wrapped.subarray(0, WRAPPED_START);
	var theirs = wrapped.subarray(1, WRAPPED_START);
	var key = await subtle.importKey("raw", theirs, CURVE, false, []);
	var shared = await subtle.deriveBits({ name: "ECDH", public: key },
		pair.privateKey, 256);
	var secret = await derive(shared, header.id,
		join([ascii("postern hand-back v1"), theirs, publicKey]));
	return decrypt(secret, start, wrapped.subarray(WRAPPED_START));
}

async function openPackage(share) {
	var own = fromBase64(ascii(form.elements.share.value));
	var secret = await derive(join([own, share]),
		join([header.id, header.keyId]), ascii("postern envelope v1"));
	return readPackage(await decrypt(secret, header.bytes,
		readPayload()));
}

/* ---- showing ---- */

function element(name, text) {
	var made = document.createElement(name);
	if (text !== undefined) {
		made.textContent = text;
	}
	return made;
}

function partBytes(opened, part) {
	var message = opened.message;
	if (part.offset + part.size > message.length) {
		throw new Error("range");
	}
	return DECODERS[part.encoding](message.subarray(part.offset,
		part.offset + part.size));
}

function partText(opened, part) {
	if (part.content !== undefined) {
		return part.content;
	}
	return new TextDecoder().decode(partBytes(opened, part));
}

function imageUrls(opened) {
	var urls = new Map();
	opened.manifest.parts.forEach(function (part) {
		if (part.cid && IMAGE.test(part.type) &&
			part.size <= IMAGE_MAX) {
			urls.set(part.cid, part);
		}
	});
	return function (all, cid) {
		var part = urls.get(cid);
		return part === undefined ? all : "data:" + part.type +
			";base64," + base64(partBytes(opened, part));
	};
}

/*
 * The frame has an origin of its own and this file's policy: no script, no
 * form, nothing from the network.
 */
function showHtml(opened, part) {
	var frame = element("iframe");
	frame.setAttribute("sandbox",
		"allow-popups allow-popups-to-escape-sandbox");
	frame.title = word("text");
	frame.srcdoc = "<!DOCTYPE html><base target=_blank>" +
		partText(opened, part).replace(/cid:([^"'\s)>]+)/gi,
			imageUrls(opened));
	return frame;
}

function showText(opened, part) {
	return element("div", partText(opened, part));
}

var SHOWN = { "html": showHtml, "text": showText };

function cleanName(name) {
	return name.replace(/[\0-\x1f\x7f-\x9f\/\\:*?"<>|]/g, "_")
		.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "_")
		.replace(/^[.\s]+/, "").slice(-150) || "file";
}

function save(bytes, name) {
	var url = URL.createObjectURL(new Blob([bytes],
		{ type: "application/octet-stream" }));
	var link = element("a");
	link.href = url;
	link.download = cleanName(name);
	document.body.appendChild(link);
	link.click();
	link.remove();
	setTimeout(function () {
		URL.revokeObjectURL(url);
	}, 60000);
}

function sizeText(size) {
	if (size < 1000) {
		return size + " B";
	}
	return size < 1000000 ? Math.round(size / 1000) + " kB" :
		(size / 1000000).toFixed(1) + " MB";
}

function showFile(opened, part) {
	var bytes = partBytes(opened, part);
	var item = element("li");
	var button = element("button", word("save"));
	button.type = "button";
	button.setAttribute("aria-label", word("save") + " " + part.name);
	button.onclick = function () {
		save(bytes, part.name);
	};
	item.appendChild(button);
	item.appendChild(element("span", part.name));
	item.appendChild(element("span", sizeText(bytes.length)));
	byId("list").appendChild(item);
	byId("files").hidden = false;
}

function showFields(manifest) {
	["from", "to", "cc", "date"].forEach(function (name) {
		if (manifest[name]) {
			byId("fields").appendChild(element("dt", word(name)));
			byId("fields").appendChild(element("dd",
				manifest[name]));
		}
	});
	byId("subject").textContent = manifest.subject || word("no_subject");
	byId("cut").hidden = !manifest.cut;
}

function show(opened) {
	showFields(opened.manifest);
	opened.manifest.parts.forEach(function (part) {
		if (part.show) {
			byId("body").appendChild(SHOWN[part.show](opened,
				part));
		} else {
			showFile(opened, part);
		}
	});
	byId("whole").onclick = function () {
		save(opened.message, "message.eml");
	};
	byId("cover").hidden = true;
	byId("message").hidden = false;
	document.querySelector("main").className = "wide";
	say("opened");
	byId("subject").focus();
}

/* ---- the window of the key service ---- */

function stopWatching() {
	clearInterval(watch);
	watch = 0;
}

function openWindow() {
	var id = hex(header.id);
	stopWatching();
	popup = window.open(header.portal + "/m/" + id + "?key=" +
		hex(header.keyId) + "&handback=" + base64Url(publicKey),
		"postern-" + id, "popup,width=560,height=760");
	if (!popup) {
		say("blocked", true);
		return;
	}
	say("waiting");
	watch = setInterval(function () {
		if (popup.closed) {
			stopWatching();
			say("closed", true);
		}
	}, 500);
}

async function takeKey(wrapped) {
	var share;
	say("opening");
	try {
		share = await unwrap(fromBase64(ascii(wrapped
			.replace(/-/g, "+").replace(/_/g, "/"))));
	} catch (error) {
		say("wrong", true);
		return;
	}
	try {
		show(await openPackage(share));
	} catch (error) {
		say("damaged", true);
	}
}

function isKey(event) {
	var data = event.data;
	return popup && event.source === popup &&
		event.origin === new URL(header.portal).origin &&
		data && data.type === "postern-key" &&
		data.id === hex(header.id) &&
		typeof data.wrapped === "string";
}

async function start() {
	if (!window.isSecureContext || !subtle) {
		return;
	}
	header = readHeader();
	pair = await subtle.generateKey(CURVE, false, ["deriveBits"]);
	publicKey = new Uint8Array(await subtle.exportKey("raw",
		pair.publicKey));
	window.addEventListener("message", function (event) {
		if (isKey(event)) {
			stopWatching();
			popup.close();
			popup = null;
			takeKey(event.data.wrapped);
		}
	});
	byId("open").onclick = openWindow;
	byId("online").className = "";
	byId("here").hidden = false;
}

start().catch(function () {
	byId("here").hidden = true;
});
}());
