// The client `@anthropic-ai/sdk` for Node, as it comes, with nothing but the base URL changed.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import {soon, text, toolArguments, url, weather} from './script.mjs';

const anthropic = new Anthropic({baseURL: url, apiKey: 'sk-not-for-the-backend', maxRetries: 0}); // it adds /v1 itself
const asking = (model, content, more = {}) =>
    ({model, max_tokens: 64, messages: [{role: 'user', content}], ...more});
const create = (model, content, more, options) => anthropic.messages.create(asking(model, content, more), options);
const refused = (promise, type, status, kind) =>
    assert.rejects(promise, (error) => {
        assert.ok(error instanceof type, `${error} is a ${error.constructor.name}`);
        assert.equal(error.status, status);
        assert.equal(error.error.type, 'error');
        assert.equal(error.error.error.type, kind ?? error.error.error.type);
        return true;
    });

test('a message', soon, async () => {
    const message = await create('scripted', 'a story');
    assert.equal(message.content[0].text, text);
    assert.equal(message.usage.output_tokens, 5);
});

test('a message, streamed', soon, async () => {
    const stream = anthropic.messages.stream(asking('scripted', 'a story'));
    assert.equal(await stream.finalText(), text);
    assert.equal((await stream.finalMessage()).stop_reason, 'end_turn');
});

test('tools are called, whole and in pieces', soon, async () => {
    const tools = {tools: [{name: weather.name, input_schema: weather.parameters}]};
    const messages = [
        await create('scripted', 'weather', tools),
        await anthropic.messages.stream(asking('scripted', 'weather', tools)).finalMessage(),
    ];
    for (const {content, stop_reason} of messages) {
        assert.equal(stop_reason, 'tool_use');
        assert.equal(content[0].name, 'weather');
        assert.deepEqual(content[0].input, toolArguments);
    }
});

test('an abort in the middle of a stream', soon, async () => {
    const stream = anthropic.messages.stream(asking('scripted', 'hang'));
    stream.on('streamEvent', () => stream.abort());
    await assert.rejects(stream.done(), Anthropic.APIUserAbortError);
});

test('errors are of their classes', soon, async () => {
    await refused(create('nobody', 'a story'), Anthropic.NotFoundError, 404, 'not_found_error');
    const wrong = {headers: {'x-dormouse-deadline-total': 'soon'}};
    await refused(create('scripted', 'a story', {}, wrong), Anthropic.BadRequestError, 400, 'invalid_request_error');
    await refused(create('away', 'a story'), Anthropic.InternalServerError, 503);
    await refused(create('scripted', 'drop'), Anthropic.InternalServerError, 502);
    const short = {headers: {'x-dormouse-deadline-first-byte': '1s'}};
    await refused(create('scripted', 'mute', {}, short), Anthropic.InternalServerError, 504);
    await refused(create('scripted', 'fail 429'), Anthropic.RateLimitError, 429, 'scripted_error');
});

test('a stream that is cut off says so', soon, async () => {
    await assert.rejects(
        async () => {
            for await (const event of await create('scripted', 'cut', {stream: true})) {
                assert.equal(event.type, 'message_start');
            }
        },
        (error) => error instanceof Anthropic.APIError && error.error.type === 'error');
});

test('a wake that fails twice is tried again until it succeeds', soon, async () => {
    const patient = new Anthropic({baseURL: url, apiKey: '-'}); // two retries are its default
    assert.equal((await patient.messages.create(asking('grumpy', 'a story'))).content[0].text, text);
});

test('a stream from an Llm that sleeps, comments first', soon, async () => {
    assert.equal(await anthropic.messages.stream(asking('sleepy', 'a story')).finalText(), text);
});
