/*
 * What sessions share.  smtp process.
 */
#include "listeners/smtp_service.h"

#include <string.h>

#include "listeners/smtp_session.h"
#include "listeners/smtp_transaction.h"

void
smtp_service_init(struct smtp_service *service, struct loop *loop,
    const struct ipc_identity *self)
{
	memset(service, 0, sizeof(*service));
	service->loop = loop;
	list_init(&service->sessions);
	list_init(&service->spares);
	service->queue = smtp_queue_new(loop, self, &service->counters);
	service->rate = smtp_rate_new(loop, self);
}

void
smtp_service_clear(struct smtp_service *service)
{
	struct list *link, *after;

	LIST_EACH(&service->sessions, link, after)
		smtp_session_abandon(smtp_session_of(link));
	LIST_EACH(&service->spares, link, after) {
		list_remove(link);
		smtp_transaction_free(LIST_OWNER(link,
		    struct smtp_transaction, link));
	}
	smtp_queue_free(service->queue);
	smtp_rate_free(service->rate);
	smtp_site_release(&service->site);
	remote_key_channel_free(service->keys);
	memset(service, 0, sizeof(*service));
}

void
smtp_service_stop(struct smtp_service *service)
{
	struct list *link, *after;

	service->is_stopping = true;
	LIST_EACH(&service->sessions, link, after)
		smtp_session_stop(smtp_session_of(link));
}
