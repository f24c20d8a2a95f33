// Lists the Llms of a Dormouse server, then streams a chat with one of them.
// The list and the answer go to standard output, what the answer waits for to standard error.
// Exit codes: 0 done, 1 the server refused, 2 wrong usage, 3 the server could not be reached.

import {createRequire} from 'node:module';
import {readFileSync} from 'node:fs';
import {isIPv4} from 'node:net';
import {dirname} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs, promisify} from 'node:util';

// From where the packages are installed: beside this file, or in DORMOUSE_EXAMPLE_HOME.
const require = createRequire(
  process.env.DORMOUSE_EXAMPLE_HOME ? `${process.env.DORMOUSE_EXAMPLE_HOME}/package.json` : import.meta.url,
);
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const definition = loader.loadSync(
  ['dormouse/v1/llm.proto', 'dormouse/v1/inference.proto', 'google/rpc/error_details.proto'],
  {
    includeDirs: [
      fileURLToPath(new URL('../../proto', import.meta.url)),
      dirname(require.resolve('google-proto-files/package.json')), // google/rpc
    ],
    enums: String,
    longs: String,
    defaults: true,
    oneofs: true,
  },
);
const {LlmService, InferenceService} = grpc.loadPackageDefinition(definition).dormouse.v1;

async function listLlms(client, metadata) {
  const page = promisify(client.listLlms.bind(client));
  let pageToken = '';
  do {
    const answer = await page({pageToken}, metadata);
    for (const llm of answer.llms) {
      console.log(`${llm.spec.name}\t${llm.status.replace('LLM_STATUS_', '')}`);
    }
    pageToken = answer.nextPageToken;
  } while (pageToken);
}

async function chat(client, metadata, llm, prompt, maxTokens) {
  const request = {llm, messages: [{role: 'user', content: prompt}], temperature: 0, maxTokens};
  for await (const event of client.chat(request, metadata)) {
    switch (event.event) {
      case 'phase': {
        const {kind, llm: member, elapsed} = event.phase;
        const millis = elapsed ? Math.floor(Number(elapsed.seconds) * 1000 + elapsed.nanos / 1e6) : 0;
        console.error(`${kind.replace('KIND_', '')} ${member} ${millis} ms`);
        break;
      }
      case 'text':
        process.stdout.write(event.text);
        break;
      case 'finished':
        process.stdout.write('\n');
        console.error(`FINISHED ${event.finished.usage?.completionTokens ?? 0} tokens, ${event.finished.finishReason}`);
        break;
    }
  }
}

/** The reason of Dormouse in a failed call's details, or else the gRPC code. */
function reason(error) {
  for (const bytes of error.metadata?.get('grpc-status-details-bin') ?? []) {
    for (const detail of definition['google.rpc.Status'].deserialize(bytes).details) {
      if (detail.type_url?.endsWith('/google.rpc.ErrorInfo')) {
        const info = definition['google.rpc.ErrorInfo'].deserialize(detail.value);
        if (info.domain === 'dormouse') return info.reason;
      }
    }
  }
  return grpc.status[error.code] ?? String(error);
}

function isLoopback(server) {
  const host = server.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

async function main() {
  const {values, positionals} = parseArgs({
    allowPositionals: true,
    options: {
      server: {type: 'string', default: process.env.DORMOUSE_SERVER ?? 'localhost:7700'},
      token: {type: 'string', default: process.env.DORMOUSE_TOKEN ?? ''},
      ca: {type: 'string', default: process.env.DORMOUSE_CA ?? ''},
      'max-tokens': {type: 'string', default: '64'},
    },
  });
  if (positionals.length !== 2) {
    console.error('usage: chat.js LLM PROMPT [--server HOST:PORT] [--token TOKEN] [--ca FILE] [--max-tokens N]');
    return 2;
  }
  if (values.token && !values.ca && !isLoopback(values.server)) {
    console.error(`a token is not sent to ${values.server} in plaintext: give --ca FILE`);
    return 2;
  }
  let credentials = grpc.credentials.createInsecure(); // for a server on this machine
  try {
    if (values.ca) credentials = grpc.credentials.createSsl(readFileSync(values.ca));
  } catch (error) {
    console.error(`--ca ${values.ca}: ${error.message}`);
    return 2;
  }
  const metadata = new grpc.Metadata();
  if (values.token) metadata.set('authorization', `Bearer ${values.token}`);

  const llms = new LlmService(values.server, credentials);
  const inference = new InferenceService(values.server, credentials);
  try {
    await promisify(llms.waitForReady.bind(llms))(Date.now() + 10_000);
  } catch {
    console.error(`no server at ${values.server}`);
    return 3;
  }
  try {
    await listLlms(llms, metadata);
    console.log();
    await chat(inference, metadata, ...positionals, Number(values['max-tokens']));
    return 0;
  } catch (error) {
    console.error(`${reason(error)}: ${error.details ?? error.message}`);
    return 1;
  } finally {
    llms.close();
    inference.close();
  }
}

process.exitCode = await main();
