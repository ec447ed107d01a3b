/*
 * Private keys that live in the keys process: an OpenSSL provider forwards
 * each operation over the caller's own socketpair.  The descriptor is the
 * identity; requests carry the message to sign, never a digest
 * (PROTOCOL.keys describes the packets).
 */
#ifndef CRYPTO_REMOTE_KEY_H
#define CRYPTO_REMOTE_KEY_H

#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct remote_key_channel;

/*
 * A channel over a SOCK_SEQPACKET pair made by the supervisor; takes the
 * descriptor over (-1: keys is not there yet, calls fail at once).  Calls
 * block at most timeout_ms; after one that did not come back, calls fail at
 * once for as long again, unless the answer has come meanwhile: a keys
 * process that hangs must not hold up its callers.
 */
struct remote_key_channel *remote_key_channel_new(int descriptor,
	int timeout_ms);
/*
 * Put another descriptor in place (keys was restarted); -1 for none.
 * Handles made before go on over the new one.
 */
void remote_key_channel_replace(struct remote_key_channel *channel,
	int descriptor);
/*
 * Close the channel; handles made from it fail from now on.  NULL is
 * allowed.
 */
void remote_key_channel_free(struct remote_key_channel *channel);

/*
 * Load the providers: default first, ours last, "?provider=default" as the
 * default property.  Once per process, before the jail.
 */
void remote_key_prepare(void);

#endif
