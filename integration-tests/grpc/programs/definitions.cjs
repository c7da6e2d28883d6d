// The service of shop.proto in both forms: loaded at run time, and static, as generators of code write it.
const { join } = require('node:path');
const { BinaryReader, BinaryWriter } = require('@bufbuild/protobuf/wire');
const protoLoader = require('@grpc/proto-loader');

const [ITEM, COUNT] = [(1 << 3) | 2, (2 << 3) | 0];

const serialize = ({ item, count }) =>
  Buffer.from(new BinaryWriter().uint32(ITEM).string(item).uint32(COUNT).uint32(count).finish());

function deserialize(bytes) {
  const reader = new BinaryReader(bytes);
  const order = { item: '', count: 0 };
  while (reader.pos < reader.len) {
    if (reader.uint32() === ITEM) order.item = reader.string();
    else order.count = reader.uint32();
  }
  return order;
}

const methodAt = (path, requestStream, responseStream) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
});

const service = {
  total: methodAt('/shop.Orders/Total', false, false),
  collect: methodAt('/shop.Orders/Collect', true, false),
  list: methodAt('/shop.Orders/List', false, true),
  chat: methodAt('/shop.Orders/Chat', true, true),
};

/** The service and its client with the given exports of the library, in both forms. */
exports.definitionsWith = (grpc) => {
  const loaded = grpc.loadPackageDefinition(protoLoader.loadSync(join(__dirname, 'shop.proto')));
  const { Orders } = loaded.shop;
  return {
    loaded: { service: Orders.service, Client: Orders },
    static: { service, Client: grpc.makeGenericClientConstructor(service, 'shop.Orders') },
  };
};
