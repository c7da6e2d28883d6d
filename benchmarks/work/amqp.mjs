// What amqp-micro.mjs and instructions.mjs do with AMQP: messages and calls on channels that have no connection.
const QUEUE = 'amq.gen-JzTY20BRgKO-HjmUJj0wLg';
const REPLIES = 'amq.gen-replies';
const CONSUMER = 'amq.ctag-1';
const BASIC_CONSUME = (60 << 16) | 20;
const BASIC_ACK = (60 << 16) | 80;
const content = Buffer.from('{"order":42}');
const queueBytes = Buffer.from(QUEUE);

/**
 * The parts of amqplib's channels that plugins use. Clew's plugin replaces methods of `BaseChannel`, OpenTelemetry's those
 * of `Channel` and `ConfirmChannel`.
 */
export function channels() {
  class LowChannel {
    connection = { stream: { _host: '127.0.0.1', remotePort: 5672 } };
    sent = undefined;
    sendMessage(_fields, properties) {
      this.sent = properties.headers;
      return true;
    }
    sendImmediately(_method, _fields) {}
    sendOrEnqueue(_method, _fields, reply) {
      reply(null, { fields: { consumerTag: CONSUMER } });
    }
    pushConfirmCallback(_callback) {}
    emit(_event, message) {
      this.dispatchMessage(message.fields, message);
      return true;
    }
    toClosed(_stack) {}
  }
  class BaseChannel extends LowChannel {
    onMessage = undefined;
    dispatchMessage(_fields, message) {
      this.onMessage(message);
    }
  }
  class Channel extends BaseChannel {
    publish(exchange, routingKey, body, options) {
      const headers = Object.assign(Object.create(null), options?.headers);
      const fields = { ...options, exchange, routingKey, headers };
      return this.sendMessage(fields, fields, body);
    }
    consume(queue, onMessage, options) {
      this.onMessage = onMessage;
      this.sendOrEnqueue(BASIC_CONSUME, { queue, noAck: options?.noAck === true }, () => {});
    }
    ack({ fields: { deliveryTag } }) {
      this.sendImmediately(BASIC_ACK, { deliveryTag, multiple: false });
    }
    nack() {}
    reject() {}
    ackAll() {}
    nackAll() {}
  }
  class ConfirmChannel extends Channel {
    publish(...args) {
      return super.publish(...args);
    }
  }
  return { BaseChannel, Channel, ConfirmChannel };
}

/** Sends a message as amqplib does, and returns it as a consumer receives it. */
function transfer(publisher, routingKey, deliveryTag, properties) {
  publisher.publish('', routingKey, content, { ...properties });
  const headers = {};
  for (const name in publisher.sent) headers[name] = publisher.sent[name];
  return {
    fields: { consumerTag: CONSUMER, deliveryTag, redelivered: false, exchange: '', routingKey },
    properties: { headers, correlationId: undefined, replyTo: undefined, ...properties },
    content,
  };
}

/** Publishes a message, delivers it to another channel, and acknowledges it. */
export function oneMessage({ Channel }) {
  const [publisher, consumer] = [new Channel(), new Channel()];
  consumer.consume(QUEUE, (message) => consumer.ack(message));
  let deliveryTag = 0;
  return () => {
    consumer.emit('delivery', transfer(publisher, queueBytes.toString('latin1'), ++deliveryTag, undefined));
  };
}

/** A call whose handler replies and acknowledges, and the delivery of its reply. */
export function oneCall({ Channel }) {
  const [client, server] = [new Channel(), new Channel()];
  let deliveryTag = 0;
  let reply;
  server.consume(QUEUE, (message) => {
    const { replyTo, correlationId } = message.properties;
    reply = transfer(server, replyTo, undefined, { correlationId });
    server.ack(message);
  });
  client.consume(REPLIES, () => {}, { noAck: true });
  return () => {
    const properties = { replyTo: REPLIES, correlationId: String(++deliveryTag) };
    server.emit('delivery', transfer(client, queueBytes.toString('latin1'), deliveryTag, properties));
    client.emit('delivery', reply);
  };
}
