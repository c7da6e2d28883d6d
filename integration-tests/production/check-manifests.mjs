// Validates the Kubernetes manifests on standard input against the schema, and prints one line for each problem.
import { text } from 'node:stream/consumers';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { parseAllDocuments } from 'yaml';

const models = { ConfigMap, Deployment, Service };

for (const document of parseAllDocuments(await text(process.stdin))) {
  const manifest = document.toJS();
  try {
    new models[manifest.kind](manifest).validate();
  } catch (error) {
    console.log(`${manifest.kind} ${manifest.metadata.name}: ${error.message}`);
  }
}
