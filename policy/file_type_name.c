/*
 * The names of the filter language for types of files, and the MIME types
 * that each stands for.
 */
#include "policy/file_type.h"

/* mime: MIME types, a space between them; "x*" is all that begin so. */
struct fingerprint {
	const char *name;
	const char *group;	/* or NULL */
	const char *mime;
};

#define OFFICE_XML "application/vnd.openxmlformats-officedocument."

static const struct fingerprint fingerprints[] = {
	{ "doc", "documents", "application/msword" },
	{ "docx", "documents", OFFICE_XML "wordprocessingml*" },
	{ "mdb", "documents", "application/x-msaccess "
	    "application/vnd.ms-access" },
	{ "mpp", "documents", "application/vnd.ms-project" },
	{ "odf", "documents", "application/vnd.oasis.opendocument*" },
	{ "ole", "documents", "application/x-ole-storage application/cdfv2* "
	    "application/encrypted application/vnd.ms-office" },
	{ "pdf", "documents", "application/pdf" },
	{ "ppt", "documents", "application/vnd.ms-powerpoint*" },
	{ "pptx", "documents", OFFICE_XML "presentationml*" },
	{ "ps", "documents", "application/postscript" },
	{ "rtf", "documents", "text/rtf application/rtf" },
	{ "wps", "documents", "application/vnd.ms-works*" },
	{ "x-wmf", "documents", "image/wmf image/x-wmf "
	    "application/x-wmf" },
	{ "xls", "documents", "application/vnd.ms-excel*" },
	{ "xlsx", "documents", OFFICE_XML "spreadsheetml*" },
	{ "elf", "executables", "application/x-executable "
	    "application/x-pie-executable application/x-sharedlib "
	    "application/x-object" },
	{ "exe", "executables", "application/x-dosexec "
	    "application/vnd.microsoft.portable-executable "
	    "application/x-msdownload application/x-ms-dos-executable "
	    "application/x-mach-binary" },
	{ "java", "executables", "application/x-java* "
	    "application/java-archive application/java-vm" },
	{ "lnk", "executables", "application/x-ms-shortcut" },
	{ "msi", "executables", "application/x-msi" },
	{ "pif", "executables", "application/x-pif" },
	{ "script", "executables", "text/x-script text/x-shellscript "
	    "text/x-python text/x-perl text/x-msdos-batch" },
	{ "7z", "compressed", "application/x-7z-compressed" },
	{ "ace", "compressed", "application/x-ace*" },
	{ "arc", "compressed", "application/x-arc" },
	{ "arj", "compressed", "application/x-arj" },
	{ "binhex", "compressed", "application/mac-binhex*" },
	{ "bz", "compressed", "application/x-bzip" },
	{ "bz2", "compressed", "application/x-bzip2" },
	{ "cab", "compressed", "application/vnd.ms-cab-compressed" },
	{ "gzip", "compressed", "application/gzip application/x-gzip" },
	{ "iso", "compressed", "application/x-iso9660-image" },
	{ "lha", "compressed", "application/x-lzh* application/x-lha*" },
	{ "rar", "compressed", "application/x-rar application/vnd.rar" },
	{ "sit", "compressed", "application/x-stuffit*" },
	{ "tar", "compressed", "application/x-tar application/x-gtar*" },
	{ "unix", "compressed", "application/x-compress" },
	{ "uuencode", "compressed", "text/x-uuencode" },
	{ "xz", "compressed", "application/x-xz" },
	{ "zip", "compressed", "application/zip "
	    "application/x-zip-compressed" },
	{ "zoo", "compressed", "application/x-zoo" },
	{ "zst", "compressed", "application/zstd" },
	{ "html", "text", "text/html application/xhtml+xml" },
	{ "ics", "text", "text/calendar" },
	{ "txt", "text", "text/plain" },
	{ "xml", "text", "text/xml application/xml" },
	{ "bmp", "image", "image/bmp image/x-ms-bmp" },
	{ "cur", "image", "image/x-win-bitmap" },
	{ "gif", "image", "image/gif" },
	{ "ico", "image", "image/vnd.microsoft.icon image/x-icon" },
	{ "jpeg", "image", "image/jpeg" },
	{ "pcx", "image", "image/vnd.zbrush.pcx image/x-pcx" },
	{ "png", "image", "image/png" },
	{ "psd", "image", "image/vnd.adobe.photoshop" },
	{ "psp", "image", "image/x-paintshoppro" },
	{ "svg", "image", "image/svg*" },
	{ "tga", "image", "image/x-tga" },
	{ "tiff", "image", "image/tiff" },
	{ "webp", "image", "image/webp" },
	{ "aac", "media", "audio/x-hx-aac-adts audio/aac" },
	{ "aiff", "media", "audio/x-aiff audio/aiff" },
	{ "asf", "media", "video/x-ms-asf" },
	{ "avi", "media", "video/x-msvideo" },
	{ "flash", "media", "application/x-shockwave-flash "
	    "application/vnd.adobe.flash.movie video/x-flv" },
	{ "midi", "media", "audio/midi" },
	{ "mov", "media", "video/quicktime" },
	{ "mp3", "media", "audio/mpeg audio/mp3" },
	{ "mp4", "media", "video/mp4 audio/mp4 audio/x-m4a" },
	{ "mpeg", "media", "video/mpeg*" },
	{ "ogg", "media", "audio/ogg video/ogg application/ogg" },
	{ "ram", "media", "application/vnd.rn-realmedia "
	    "audio/x-pn-realaudio" },
	{ "wav", "media", "audio/x-wav audio/wav" },
	{ "wma", "media", "audio/x-ms-wma" },
	{ "wmv", "media", "video/x-ms-wmv" },
};
#define COUNT (sizeof(fingerprints) / sizeof(fingerprints[0]))

/* MIME types of a whole kind, beside the fingerprints. */
static const struct {
	const char *group;
	const char *mime;
} kinds[] = {
	{ "image", "image" },
	{ "media", "audio" },
	{ "media", "video" },
	{ "text", "text" },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

bool
file_type_matches(struct text mime, struct text wanted)
{
	size_t slash = text_find_byte(wanted, '/');

	if (wanted.len > 0 && wanted.data[wanted.len - 1] == '*')
		return text_starts_nocase(mime, text_slice(wanted, 0,
		    wanted.len - 1));
	if (slash == wanted.len)
		mime.len = text_find_byte(mime, '/');
	return text_equal_nocase(mime, wanted);
}

static bool
is_of(const struct fingerprint *fingerprint, struct text mime)
{
	struct text list = text_from(fingerprint->mime), one;

	while (text_split(&list, ' ', &one))
		if (file_type_matches(mime, one))
			return true;
	return false;
}

static bool
is_called(const struct fingerprint *fingerprint, struct text name)
{
	return text_equal_nocase(name, text_from(fingerprint->name)) ||
	    text_equal_nocase(name, text_from(fingerprint->group));
}

bool
file_type_is_name(struct text name)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		if (is_called(&fingerprints[i], name))
			return true;
	return false;
}

static bool
has_name(struct text mime, struct text name)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		if (is_called(&fingerprints[i], name) &&
		    is_of(&fingerprints[i], mime))
			return true;
	for (i = 0; i < KINDS; i++)
		if (text_equal_nocase(name, text_from(kinds[i].group)) &&
		    file_type_matches(mime, text_from(kinds[i].mime)))
			return true;
	return false;
}

bool
file_types_have_name(const struct file_types *types, struct text name)
{
	size_t i;

	for (i = 0; i < types->count; i++)
		if (has_name(text_from(types->mime[i]), name))
			return true;
	return false;
}

bool
file_types_have_mime(const struct file_types *types, struct text wanted)
{
	size_t i;

	for (i = 0; i < types->count; i++)
		if (file_type_matches(text_from(types->mime[i]), wanted))
			return true;
	return false;
}

/* The group of a declared type, or NULL where that says nothing. */
static const char *
group_of(struct text mime)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		if (is_of(&fingerprints[i], mime))
			return fingerprints[i].group;
	for (i = 0; i < KINDS; i++)
		if (file_type_matches(mime, text_from(kinds[i].mime)))
			return kinds[i].group;
	return NULL;
}

/* Bytes that tell nothing agree with every type. */
static bool
is_silent(struct text mime)
{
	return text_equal(mime, TEXT("application/octet-stream")) ||
	    text_equal(mime, TEXT("text/plain"));
}

bool
file_types_differ(const struct file_types *types, struct text declared)
{
	const char *said = group_of(declared);
	size_t i;

	for (i = 0; said != NULL && i < types->count; i++) {
		struct text mime = text_from(types->mime[i]);
		const char *found = group_of(mime);

		/* Office files are archives of their own. */
		if (file_types_have_name(types, TEXT("documents")) &&
		    has_name(mime, TEXT("zip")))
			continue;
		if (found != NULL && !is_silent(mime) &&
		    !text_equal(text_from(found), text_from(said)))
			return true;
	}
	return false;
}
