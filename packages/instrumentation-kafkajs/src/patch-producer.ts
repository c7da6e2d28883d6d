import { observePromise, ownMethod } from '@clew/core/plugin';
import type { Clients } from './clients.ts';
import { copyOf, type ProducerBatch, type ProducerRecord, READ } from './kafkajs.ts';

/** Traces a producer, whose methods belong to the object itself. */
export function traceProducer(producer: object, clients: Clients): void {
  traceSending(producer, clients);
  ownMethod(producer, 'transaction', (begin) => (...args) => {
    const begun = begin(...args);
    if (!clients.isActive) return begun;
    return observePromise(
      begun,
      (transaction) => traceTransaction(transaction as object, clients),
      () => {},
    );
  });
}

function traceTransaction(transaction: object, clients: Clients): void {
  traceSending(transaction, clients);
  for (const name of ['commit', 'abort'] as const) {
    ownMethod(
      transaction,
      name,
      (end) =>
        (...args) =>
          clients.recordFailure(
            () => clients.actions()[`${name}Transaction`](''),
            () => end(...args),
          ),
    );
  }
}

function traceSending(sender: object, clients: Clients): void {
  ownMethod(sender, 'send', (send) => (...args) => {
    const [record, ...rest] = args as [ProducerRecord, ...unknown[]];
    return clients.send(
      () => [record],
      (sent) => {
        if (sent === undefined) return send(...args);
        return send(copyOf(record, READ.record, { messages: sent[0]?.messages }), ...rest);
      },
    );
  });
  ownMethod(sender, 'sendBatch', (sendBatch) => (...args) => {
    const [batch, ...rest] = args as [ProducerBatch, ...unknown[]];
    return clients.send(
      () => batch.topicMessages,
      (sent) => {
        if (sent === undefined) return sendBatch(...args);
        // kafkajs joins the messages of a topic as well.
        const topicMessages = sent.map(({ topic, messages }) => ({ topic, messages }));
        return sendBatch(copyOf(batch, READ.batch, { topicMessages }), ...rest);
      },
    );
  });
}
