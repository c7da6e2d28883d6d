// Measures the overhead of tracing for a message that is published, consumed and acknowledged, and for a call with
// its reply. The plugin runs on channels that do nothing, without amqplib, a broker and the export. Reports the CPU time
// in nanoseconds, the minimum of many short rounds. This shows changes that are below the noise of the full benchmarks.
// npx node benchmarks/amqp-micro.mjs (after `npm run build`)
import { createServer } from 'node:http';
import { AmqplibInstrumentation } from '@clew/instrumentation-amqplib';
import { init } from '@clew/node';

const ROUNDS = 150;
const MESSAGES = 4000;
const QUEUE = 'amq.gen-JzTY20BRgKO-HjmUJj0wLg';
const REPLIES = 'amq.gen-replies';
const CONSUMER = 'amq.ctag-1';
const BASIC_CONSUME = (60 << 16) | 20;
const BASIC_ACK = (60 << 16) | 80;
const content = Buffer.from('{"order":42}');
const queueBytes = Buffer.from(QUEUE);

/** The parts of amqplib's channels that the plugin uses. */
function channels() {
  class Channel {
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
  return class BaseChannel extends Channel {
    onMessage = undefined;
    dispatchMessage(fields, message) {
      this.onMessage?.(message);
      if (fields.deliveryTag !== undefined)
        this.sendImmediately(BASIC_ACK, { deliveryTag: fields.deliveryTag, multiple: false });
    }
  };
}

/** Sends a message as amqplib does, and returns it as a consumer receives it. */
function transfer(publisher, routingKey, consumerTag, deliveryTag, properties) {
  const fields = { exchange: '', routingKey, headers: Object.create(null), ...properties };
  publisher.sendMessage(fields, fields, content);
  const headers = {};
  for (const name in publisher.sent) headers[name] = publisher.sent[name];
  return {
    fields: { consumerTag, deliveryTag, redelivered: false, exchange: '', routingKey },
    properties: { headers, correlationId: undefined, replyTo: undefined, ...properties },
    content,
  };
}

/** Passes a message from one channel to another. */
function oneMessage(BaseChannel) {
  const [publisher, consumer] = [new BaseChannel(), new BaseChannel()];
  consumer.sendOrEnqueue(BASIC_CONSUME, { queue: QUEUE }, () => {});
  let deliveryTag = 0;
  return () => {
    consumer.emit(
      'delivery',
      transfer(publisher, queueBytes.toString('latin1'), CONSUMER, ++deliveryTag, undefined),
    );
  };
}

/** A call whose handler replies and acknowledges, and the delivery of its reply. */
function oneCall(BaseChannel) {
  const [client, server] = [new BaseChannel(), new BaseChannel()];
  server.sendOrEnqueue(BASIC_CONSUME, { queue: QUEUE }, () => {});
  client.sendOrEnqueue(BASIC_CONSUME, { queue: REPLIES, noAck: true }, () => {});
  let deliveryTag = 0;
  let reply;
  server.onMessage = ({ properties: { replyTo, correlationId } }) => {
    reply = transfer(server, replyTo, CONSUMER, undefined, { correlationId });
  };
  return () => {
    const properties = { replyTo: REPLIES, correlationId: String(++deliveryTag) };
    server.emit(
      'delivery',
      transfer(client, queueBytes.toString('latin1'), CONSUMER, deliveryTag, properties),
    );
    client.emit('delivery', reply);
  };
}

async function least(run, afterRound) {
  let leastNs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let count = 0; count < MESSAGES; count++) run();
    const { user, system } = process.cpuUsage(before);
    leastNs = Math.min(leastNs, ((user + system) * 1000) / MESSAGES);
    await afterRound?.();
  }
  return leastNs;
}

const sink = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200).end());
});
await new Promise((resolve) => sink.listen(0, '127.0.0.1', resolve));
sink.unref();
const exporter = { url: `http://127.0.0.1:${sink.address().port}/v1/traces`, maxQueueBytes: 1 << 30 };

const works = { message: oneMessage, call: oneCall };
const bare = {};
for (const [name, work] of Object.entries(works)) bare[name] = await least(work(channels()));
for (const sampler of ['always_off', 'always_on']) {
  process.env.OTEL_TRACES_SAMPLER = sampler;
  const clew = init({ serviceName: 'bench', exporter, plugins: { http: false } });
  for (const [name, work] of Object.entries(works)) {
    const BaseChannel = channels();
    const plugin = new AmqplibInstrumentation();
    plugin.instrument({ Channel: BaseChannel });
    const before = clew.stats().spansEnded;
    const added = (await least(work(BaseChannel), () => clew.flush())) - bare[name];
    const spans = (clew.stats().spansEnded - before) / (ROUNDS * MESSAGES);
    process.stdout.write(`${sampler.padEnd(10)} ${added.toFixed(0)} ns per ${name}, ${spans} spans\n`);
    plugin.disable();
  }
  await clew.shutdown();
}
