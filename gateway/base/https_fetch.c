/*
 * libcurl's multi interface on our loop.  Each request is one easy handle;
 * connections are kept by the pool for the next one.
 */
#include "gateway/base/https_fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/buffer.h"
#include "gateway/base/https_hosts.h"
#include "gateway/base/list.h"
#include "gateway/base/memory.h"

#define CONNECTIONS_MAX 4L
#define HEADER_MAX 65536	/* of one answer, all in all */
#define PIN_MAX 1024

struct https_fetch_pool {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct list fetches;
	size_t count;
	struct list sockets;
	struct https_fetch_settings settings;	/* trust_pem is a copy */
	bool is_telling;
};

struct https_fetch {
	struct list link;
	struct https_fetch_pool *pool;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *pins;
	struct buffer answer;
	struct text body;	/* ours; may hold secrets */
	size_t header_len;
	https_fetch_done done;
	void *context;
	bool too_much;
	bool forbidden;		/* the address may not be connected to */
	bool unequipped;
	char problem[CURL_ERROR_SIZE];
};

/* A descriptor that libcurl wants to be woken for. */
struct https_socket {
	struct list link;
	struct https_fetch_pool *pool;
	struct loop_watch *watch;
	curl_socket_t descriptor;
};

/* ---- the loop's side ---- */

static void tell_finished(struct https_fetch_pool *pool);

static void
act(struct https_fetch_pool *pool, curl_socket_t descriptor, int ready)
{
	int running;

	(void)curl_multi_socket_action(pool->multi, descriptor, ready,
		&running);
	tell_finished(pool);
}

static void
on_timer(void *context)
{
	act(context, CURL_SOCKET_TIMEOUT, 0);
}

static void
on_ready(void *context, unsigned int ready)
{
	struct https_socket *socket = context;
	int what = 0;

	if (ready & LOOP_READ)
		what |= CURL_CSELECT_IN;
	if (ready & LOOP_WRITE)
		what |= CURL_CSELECT_OUT;
	act(socket->pool, socket->descriptor, what);
}

static void
socket_free(struct https_socket *socket)
{
	list_remove(&socket->link);
	loop_watch_free(socket->watch);
	free(socket);
}

static struct https_socket *
socket_new(struct https_fetch_pool *pool, curl_socket_t descriptor)
{
	struct https_socket *socket = memory_new(sizeof(*socket));

	socket->pool = pool;
	socket->descriptor = descriptor;
	socket->watch = loop_watch_new(pool->loop, descriptor, on_ready,
		socket);
	list_append(&pool->sockets, &socket->link);
	(void)curl_multi_assign(pool->multi, descriptor, socket);
	return socket;
}

static const unsigned int wants[] = {
	[CURL_POLL_NONE] = 0,
	[CURL_POLL_IN] = LOOP_READ,
	[CURL_POLL_OUT] = LOOP_WRITE,
	[CURL_POLL_INOUT] = LOOP_READ | LOOP_WRITE,
};

static int
on_socket(CURL *easy, curl_socket_t descriptor, int what, void *context,
	void *known)
{
	struct https_fetch_pool *pool = context;
	struct https_socket *socket = known;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (socket != NULL)
			socket_free(socket);
		(void)curl_multi_assign(pool->multi, descriptor, NULL);
		return 0;
	}
	if (socket == NULL)
		socket = socket_new(pool, descriptor);
	loop_watch_want(socket->watch, wants[what]);
	return 0;
}

static int
on_delay(CURLM *multi, long delay_ms, void *context)
{
	struct https_fetch_pool *pool = context;

	(void)multi;
	if (delay_ms < 0)
		loop_timer_unset(pool->timer);
	else
		loop_timer_set(pool->timer, delay_ms);
	return 0;
}

/* ---- pools ---- */

void
https_fetch_prepare(void)
{
	static bool prepared;

	if (prepared)
		return;
	/* Nobody's environment shall have our keys written to a file. */
	if (unsetenv("SSLKEYLOGFILE") != 0)
		fatal_errno("unsetenv");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		fatal("libcurl cannot be started");
	prepared = true;
}

struct https_fetch_pool *
https_fetch_pool_new(struct loop *loop,
	const struct https_fetch_settings *settings)
{
	struct https_fetch_pool *pool = memory_new(sizeof(*pool));

	https_fetch_prepare();
	pool->loop = loop;
	pool->settings = *settings;
	pool->settings.trust_pem = memory_text(settings->trust_pem);
	pool->timer = loop_timer_new(loop, on_timer, pool);
	list_init(&pool->fetches);
	list_init(&pool->sockets);
	pool->multi = curl_multi_init();
	if (pool->multi == NULL ||
	    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION,
		on_socket) != CURLM_OK ||
	    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool) !=
		CURLM_OK ||
	    curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION,
		on_delay) != CURLM_OK ||
	    curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool) !=
		CURLM_OK ||
	    curl_multi_setopt(pool->multi, CURLMOPT_PIPELINING,
		CURLPIPE_NOTHING) != CURLM_OK ||
	    curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS,
		CONNECTIONS_MAX) != CURLM_OK)
		fatal("libcurl cannot be set up");
	return pool;
}

void
https_fetch_pool_free(struct https_fetch_pool *pool)
{
	struct list *link;
	struct list *after;

	if (pool == NULL)
		return;
	require(!pool->is_telling);
	LIST_EACH(&pool->fetches, link, after)
		https_fetch_cancel(LIST_OWNER(link, struct https_fetch,
			link));
	(void)curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, NULL);
	(void)curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, NULL);
	LIST_EACH(&pool->sockets, link, after)
		socket_free(LIST_OWNER(link, struct https_socket, link));
	(void)curl_multi_cleanup(pool->multi);
	loop_timer_free(pool->timer);
	free((void *)(uintptr_t)pool->settings.trust_pem.data);
	free(pool);
}

size_t
https_fetch_pool_count(const struct https_fetch_pool *pool)
{
	return pool->count;
}

/* ---- what libcurl calls in a request ---- */

static size_t
on_body(char *data, size_t size, size_t count, void *context)
{
	struct https_fetch *fetch = context;

	if (buffer_add(&fetch->answer, data, size * count) == 0)
		return size * count;
	fetch->too_much = true;
	return 0;
}

static size_t
on_header(char *data, size_t size, size_t count, void *context)
{
	struct https_fetch *fetch = context;

	(void)data;
	fetch->header_len += size * count;
	if (fetch->header_len <= HEADER_MAX)
		return size * count;
	fetch->too_much = true;
	return 0;
}

static CURLcode
on_ssl_context(CURL *easy, void *ssl_context, void *context)
{
	struct https_fetch *fetch = context;
	const struct https_fetch_settings *settings = &fetch->pool->settings;

	(void)easy;
	if (settings->equip(ssl_context, settings->context) == 0)
		return CURLE_OK;
	fetch->unequipped = true;
	return CURLE_SSL_CERTPROBLEM;
}

/* RFC 3927, RFC 4291 2.5.6, 2.7: where no service of anybody's can be. */
static bool
is_forbidden(const struct curl_sockaddr *address)
{
	union {
		struct sockaddr_storage any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	uint32_t host;

	memset(&at, 0, sizeof(at));
	if (address->addrlen > sizeof(at))
		return true;
	memcpy(&at, &address->addr, address->addrlen);
	if (address->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(
	    &at.v6.sin6_addr)) {
		memcpy(&host, at.v6.sin6_addr.s6_addr + 12, sizeof(host));
	} else if (address->family == AF_INET6) {
		return IN6_IS_ADDR_LINKLOCAL(&at.v6.sin6_addr) ||
		    IN6_IS_ADDR_MULTICAST(&at.v6.sin6_addr) ||
		    IN6_IS_ADDR_UNSPECIFIED(&at.v6.sin6_addr);
	} else if (address->family == AF_INET) {
		host = at.v4.sin_addr.s_addr;
	} else {
		return true;
	}
	host = ntohl(host);
	return host >> 16 == 0xa9fe || host >> 28 >= 0xe || host >> 24 == 0;
}

static curl_socket_t
on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct https_fetch *fetch = context;

	if (purpose != CURLSOCKTYPE_IPCXN || is_forbidden(address)) {
		fetch->forbidden = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
}

/* ---- the answer ---- */

static void
fetch_free(struct https_fetch *fetch)
{
	list_remove(&fetch->link);
	fetch->pool->count--;
	(void)curl_multi_remove_handle(fetch->pool->multi, fetch->easy);
	curl_easy_cleanup(fetch->easy);
	curl_slist_free_all(fetch->headers);
	curl_slist_free_all(fetch->pins);
	buffer_clear(&fetch->answer);
	memory_wipe((void *)(uintptr_t)fetch->body.data, fetch->body.len);
	free((void *)(uintptr_t)fetch->body.data);
	free(fetch);
}

static const struct {
	CURLcode code;
	int error;
} outcomes[] = {
	{ CURLE_OK, 0 },
	{ CURLE_OPERATION_TIMEDOUT, ERROR_TEMPORARY },
	{ CURLE_PEER_FAILED_VERIFICATION, ERROR_REFUSED },
	{ CURLE_SSL_CONNECT_ERROR, ERROR_REFUSED },
	{ CURLE_SSL_CERTPROBLEM, ERROR_REFUSED },
	{ CURLE_SSL_CACERT_BADFILE, ERROR_REFUSED },
	{ CURLE_FILESIZE_EXCEEDED, ERROR_LIMIT },
	{ CURLE_WRITE_ERROR, ERROR_LIMIT },
	{ CURLE_OUT_OF_MEMORY, ERROR_TEMPORARY },
	{ CURLE_WEIRD_SERVER_REPLY, ERROR_MALFORMED },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERROR_MALFORMED },
	{ CURLE_BAD_CONTENT_ENCODING, ERROR_MALFORMED },
};

static int
error_of(CURLcode code)
{
	size_t i;

	for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		if (outcomes[i].code == code)
			return outcomes[i].error;
	}
	return ERROR_CLOSED;
}

static const char *
words_of(const struct https_fetch *fetch, CURLcode code)
{
	if (code == CURLE_OK)
		return "";
	if (fetch->too_much || code == CURLE_FILESIZE_EXCEEDED)
		return "the answer is larger than allowed";
	if (fetch->unequipped)
		return "our client certificate cannot be used";
	if (fetch->forbidden)
		return "its address is none that is connected to";
	return fetch->problem[0] == '\0' ? curl_easy_strerror(code) :
	    fetch->problem;
}

static void
tell(struct https_fetch *fetch, CURLcode code)
{
	struct https_fetch_answer answer = {
		.error = fetch->too_much ? ERROR_LIMIT : error_of(code),
		.body = TEXT_EMPTY,
		.words = words_of(fetch, code),
	};
	curl_off_t reached_us = 0;
	long status = 0;

	(void)curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(fetch->easy, CURLINFO_PRETRANSFER_TIME_T,
		&reached_us);
	answer.unconnected = code == CURLE_COULDNT_CONNECT ||
	    (answer.error == ERROR_TEMPORARY && reached_us == 0);
	if (answer.error == 0) {
		answer.status = (unsigned int)status;
		answer.body = buffer_text(&fetch->answer);
	}
	fetch->pool->is_telling = true;
	fetch->done(fetch->context, &answer);
	fetch->pool->is_telling = false;
}

static void
tell_finished(struct https_fetch_pool *pool)
{
	struct https_fetch *fetch;
	CURLMsg *message;
	CURLcode code;
	char *private;
	int left;

	while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		/* The message goes with its handle. */
		code = message->data.result;
		private = NULL;
		(void)curl_easy_getinfo(message->easy_handle,
			CURLINFO_PRIVATE, &private);
		fetch = (struct https_fetch *)(void *)private;
		(void)curl_multi_remove_handle(pool->multi, fetch->easy);
		tell(fetch, code);
		fetch_free(fetch);
	}
}

/* ---- a request ---- */

/* Every option that is set here is one that libcurl has: or we are wrong. */
#define SET(fetch, option, value) \
	require(curl_easy_setopt((fetch)->easy, (option), (value)) == \
	    CURLE_OK)

static void
set_limits(struct https_fetch *fetch)
{
	const struct https_fetch_settings *settings = &fetch->pool->settings;

	SET(fetch, CURLOPT_PROTOCOLS_STR, "https");
	SET(fetch, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	SET(fetch, CURLOPT_FOLLOWLOCATION, 0L);
	SET(fetch, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(fetch, CURLOPT_NOSIGNAL, 1L);
	SET(fetch, CURLOPT_PROXY, "");
	SET(fetch, CURLOPT_NOPROXY, "*");
	SET(fetch, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(fetch, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)settings->connect_timeout_ms);
	SET(fetch, CURLOPT_TIMEOUT_MS, (long)settings->timeout_ms);
	SET(fetch, CURLOPT_MAXFILESIZE_LARGE,
	    (curl_off_t)HTTPS_FETCH_ANSWER_MAX);
	SET(fetch, CURLOPT_OPENSOCKETFUNCTION, on_open);
	SET(fetch, CURLOPT_OPENSOCKETDATA, fetch);
}

static void
set_trust(struct https_fetch *fetch)
{
	const struct https_fetch_settings *settings = &fetch->pool->settings;
	struct curl_blob authorities = {
		.data = (void *)(uintptr_t)settings->trust_pem.data,
		.len = settings->trust_pem.len,
		.flags = CURL_BLOB_NOCOPY,
	};

	SET(fetch, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(fetch, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(fetch, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(fetch, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(fetch, CURLOPT_CAINFO, NULL);
	SET(fetch, CURLOPT_CAPATH, NULL);
	SET(fetch, CURLOPT_CAINFO_BLOB, &authorities);
	if (settings->equip == NULL)
		return;
	SET(fetch, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
	SET(fetch, CURLOPT_SSL_CTX_DATA, fetch);
}

static void
add_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (longer == NULL)
		fatal("out of memory");
	*list = longer;
}

static void
set_request(struct https_fetch *fetch, const char *url, struct text type)
{
	char line[PIN_MAX];

	SET(fetch, CURLOPT_URL, url);
	SET(fetch, CURLOPT_POST, 1L);
	SET(fetch, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->body.len);
	SET(fetch, CURLOPT_POSTFIELDS, fetch->body.data);
	require(snprintf(line, sizeof(line), "Content-Type: %.*s",
		TEXT_ARG(type)) < (int)sizeof(line));
	add_line(&fetch->headers, line);
	/* Nobody is asked whether a body may come. */
	add_line(&fetch->headers, "Expect:");
	add_line(&fetch->headers, "Accept:");
	SET(fetch, CURLOPT_HTTPHEADER, fetch->headers);
	SET(fetch, CURLOPT_USERAGENT, NULL);
	SET(fetch, CURLOPT_WRITEFUNCTION, on_body);
	SET(fetch, CURLOPT_WRITEDATA, fetch);
	SET(fetch, CURLOPT_HEADERFUNCTION, on_header);
	SET(fetch, CURLOPT_HEADERDATA, fetch);
	SET(fetch, CURLOPT_ERRORBUFFER, fetch->problem);
	SET(fetch, CURLOPT_PRIVATE, fetch);
}

/* libcurl must never want to look a name up: that would take a thread. */
static void
pin_host(struct https_fetch *fetch, const struct https_url *url)
{
	struct text addresses;
	char line[PIN_MAX];

	if (url->is_literal)
		return;
	addresses = https_hosts_addresses(fetch->pool->settings.hosts,
		url->host);
	require(snprintf(line, sizeof(line), "%.*s:%u:%.*s",
		TEXT_ARG(url->host), (unsigned int)url->port,
		TEXT_ARG(addresses)) < (int)sizeof(line));
	add_line(&fetch->pins, line);
	SET(fetch, CURLOPT_RESOLVE, fetch->pins);
}

static int
check(const struct https_fetch_pool *pool, struct text url,
	struct https_url *parsed, struct reason *why)
{
	int error = https_url_parse(url, parsed);

	if (error != 0) {
		reason_set(why, "\"%.*s\" is not an https URL",
			TEXT_ARG(url));
		return ERROR_MALFORMED;
	}
	if (pool->settings.trust_pem.len == 0) {
		reason_set(why, "there are no authorities to verify it by");
		return ERROR_REFUSED;
	}
	if (!parsed->is_literal && (pool->settings.hosts == NULL ||
	    !https_hosts_has(pool->settings.hosts, parsed))) {
		reason_set(why, "its name could not be looked up");
		return ERROR_NOT_FOUND;
	}
	return 0;
}

int
https_fetch_post(struct https_fetch_pool *pool, struct text url,
	struct text type, struct text body, https_fetch_done done,
	void *context, struct https_fetch **out, struct reason *why)
{
	char string[HTTPS_URL_MAX + 1];
	struct https_fetch *fetch;
	struct https_url parsed;
	int error = check(pool, url, &parsed, why);

	*out = NULL;
	if (error != 0)
		return error;
	require(text_to_string(url, string, sizeof(string)) == 0);
	fetch = memory_new(sizeof(*fetch));
	fetch->pool = pool;
	fetch->done = done;
	fetch->context = context;
	fetch->body = memory_text(body);
	buffer_init(&fetch->answer, HTTPS_FETCH_ANSWER_MAX);
	fetch->easy = curl_easy_init();
	if (fetch->easy == NULL)
		fatal("libcurl cannot make a request");
	list_append(&pool->fetches, &fetch->link);
	pool->count++;
	set_limits(fetch);
	set_trust(fetch);
	set_request(fetch, string, type);
	pin_host(fetch, &parsed);
	require(curl_multi_add_handle(pool->multi, fetch->easy) == CURLM_OK);
	*out = fetch;
	return 0;
}

void
https_fetch_cancel(struct https_fetch *fetch)
{
	fetch_free(fetch);
}
