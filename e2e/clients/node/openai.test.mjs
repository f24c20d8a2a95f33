// The client `openai` for Node, as it comes, with nothing but the base URL changed.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import OpenAI, {toFile} from 'openai';
import {soon, text, toolArguments, url, weather} from './script.mjs';

const openai = new OpenAI({baseURL: `${url}/v1`, apiKey: 'sk-not-for-the-backend', maxRetries: 0});
const asking = (model, content, more = {}) => ({model, messages: [{role: 'user', content}], ...more});
const chat = (model, content, more, options) => openai.chat.completions.create(asking(model, content, more), options);
const refused = (promise, type, status, code) =>
    assert.rejects(promise, (error) => {
        assert.ok(error instanceof type, `${error} is a ${error.constructor.name}`);
        assert.equal(error.status, status);
        assert.equal(error.code, code);
        if (status === 502 || status === 503) {
            assert.ok(Number.parseInt(error.headers.get('retry-after')) >= 1);
        }
        return true;
    });

test('the models are those that can be had', soon, async () => {
    const names = [];
    for await (const model of openai.models.list()) {
        names.push(model.id);
    }
    assert.deepEqual(names.sort(), ['grumpy', 'herd', 'scripted', 'sleepy']);
    assert.equal((await openai.models.retrieve('sleepy')).object, 'model');
    await refused(openai.models.retrieve('nobody'), OpenAI.NotFoundError, 404, 'model_not_found');
});

test('a chat', soon, async () => {
    const answer = await chat('scripted', 'a story');
    assert.equal(answer.choices[0].message.content, text);
    assert.equal(answer.usage.total_tokens, 12);
});

test('a chat, streamed', soon, async () => {
    const words = [];
    let usage;
    for await (const chunk of await chat('scripted', 'a story', {stream: true, stream_options: {include_usage: true}})) {
        words.push(...chunk.choices.map((choice) => choice.delta.content ?? ''));
        usage = chunk.usage ?? usage;
    }
    assert.equal(words.join(''), text);
    assert.equal(words.length, 6);
    assert.equal(usage.total_tokens, 12);
});

test('tools are called, whole and in pieces', soon, async () => {
    const tools = {tools: [{type: 'function', function: weather}]};
    const answers = [
        await chat('scripted', 'weather', tools),
        await openai.chat.completions.stream(asking('scripted', 'weather', tools)).finalChatCompletion(),
    ];
    for (const answer of answers) {
        assert.equal(answer.choices[0].finish_reason, 'tool_calls');
        const [call] = answer.choices[0].message.tool_calls;
        assert.equal(call.function.name, 'weather');
        assert.deepEqual(JSON.parse(call.function.arguments), toolArguments);
    }
});

test('structured output', soon, async () => {
    const schema = {type: 'object', properties: {animal: {type: 'string'}}, required: ['animal']};
    const answer = await openai.chat.completions.parse(
        asking('scripted', 'a fact', {response_format: {type: 'json_schema', json_schema: {name: 'fact', schema}}}));
    assert.equal(JSON.parse(answer.choices[0].message.content).animal, 'dormouse');
});

test('embeddings', soon, async () => {
    const {data} = await openai.embeddings.create({model: 'scripted', input: 'dormouse'});
    assert.deepEqual([...data[0].embedding], [0.25, -1.5, 3]);
});

test('responses, whole and streamed', soon, async () => {
    assert.equal((await openai.responses.create({model: 'scripted', input: 'a story'})).output_text, text);
    let streamed = '';
    for await (const event of await openai.responses.create({model: 'scripted', input: 'a story', stream: true})) {
        streamed += event.type === 'response.output_text.delta' ? event.delta : '';
    }
    assert.equal(streamed, text);
});

test('a transcription is a form', soon, async () => {
    const file = await toFile(Buffer.alloc(20_000), 'speech.wav');
    assert.equal((await openai.audio.transcriptions.create({model: 'scripted', file})).text, 'heard it');
});

test('an abort before the first byte', soon, async () => {
    const controller = new AbortController();
    const answer = chat('scripted', 'mute', {}, {signal: controller.signal});
    setTimeout(() => controller.abort(), 500);
    await assert.rejects(answer, OpenAI.APIUserAbortError);
});

test('an abort in the middle of a stream', soon, async () => {
    const stream = openai.chat.completions.stream(asking('scripted', 'hang'));
    stream.on('content', () => stream.abort());
    await assert.rejects(stream.done(), OpenAI.APIUserAbortError);
});

test('errors are of their classes', soon, async () => {
    await refused(chat('nobody', 'a story'), OpenAI.NotFoundError, 404, 'model_not_found');
    const wrong = {headers: {'x-dormouse-deadline-total': 'soon'}};
    await refused(chat('scripted', 'a story', {}, wrong), OpenAI.BadRequestError, 400, 'malformed');
    await refused(chat('away', 'a story'), OpenAI.InternalServerError, 503, 'llm_inactive');
    await refused(chat('scripted', 'drop'), OpenAI.InternalServerError, 502, 'backend_failed');
    const short = {headers: {'x-dormouse-deadline-first-byte': '1s'}};
    await refused(chat('scripted', 'mute', {}, short), OpenAI.InternalServerError, 504, 'first_byte_timeout');
});

test('the error of the backend is its own', soon, async () => {
    await refused(chat('scripted', 'fail 400'), OpenAI.BadRequestError, 400, 'scripted');
    await refused(chat('scripted', 'fail 429'), OpenAI.RateLimitError, 429, 'scripted');
    await refused(chat('scripted', 'fail 429', {stream: true}), OpenAI.RateLimitError, 429, 'scripted');
    await refused(chat('scripted', 'fail 500'), OpenAI.InternalServerError, 500, 'scripted');
});

test('a stream that is cut off says so', soon, async () => {
    const words = [];
    await assert.rejects(
        async () => {
            for await (const chunk of await chat('scripted', 'cut', {stream: true})) {
                words.push(chunk.choices[0].delta.content);
            }
        },
        (error) => error instanceof OpenAI.APIError && error.code === 'backend_failed');
    assert.deepEqual(words, ['Dormice ']);
});

test('a wake that fails twice is tried again until it succeeds', soon, async () => {
    const patient = new OpenAI({baseURL: `${url}/v1`, apiKey: '-'}); // two retries are its default
    const answer = await patient.chat.completions.create(asking('grumpy', 'a story'));
    assert.equal(answer.choices[0].message.content, text);
});

test('a stream from an Llm that sleeps, comments first', soon, async () => {
    let streamed = '';
    for await (const chunk of await chat('sleepy', 'a story', {stream: true})) {
        streamed += chunk.choices[0]?.delta.content ?? '';
    }
    assert.equal(streamed, text);
});
