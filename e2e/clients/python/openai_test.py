"""The client `openai` for Python, as it comes, with nothing but the base URL changed."""

import json
import os
import unittest

import openai

URL = os.environ["DORMOUSE_URL"] + "/v1"
TEXT = "Dormice sleep through the winter."
WEATHER = {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}


class OpenAiTest(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI(base_url=URL, api_key="sk-not-for-the-backend", max_retries=0, timeout=60)
        self.addCleanup(self.client.close)

    def chat(self, model, content, **more):
        return self.client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}], **more)

    def refused(self, kind, status, code, model, content, **more):
        with self.assertRaises(kind) as raised:
            self.chat(model, content, **more)
        self.assertEqual(raised.exception.status_code, status)
        self.assertEqual(raised.exception.code, code)

    def test_the_models_are_those_that_can_be_had(self):
        self.assertEqual(sorted(m.id for m in self.client.models.list()), ["grumpy", "herd", "scripted", "sleepy"])
        self.assertEqual(self.client.models.retrieve("sleepy").id, "sleepy")

    def test_a_chat(self):
        answer = self.chat("scripted", "a story")
        self.assertEqual(answer.choices[0].message.content, TEXT)
        self.assertEqual(answer.usage.total_tokens, 12)

    def test_a_chat_streamed(self):
        chunks = list(self.chat("scripted", "a story", stream=True))
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks), TEXT)
        self.assertEqual(len(chunks), 6)

    def test_tools_are_called_whole_and_in_pieces(self):
        tools = [{"type": "function", "function": WEATHER}]
        with self.client.chat.completions.stream(
            model="scripted", messages=[{"role": "user", "content": "weather"}], tools=tools
        ) as stream:
            streamed = stream.get_final_completion()
        for answer in [self.chat("scripted", "weather", tools=tools), streamed]:
            call = answer.choices[0].message.tool_calls[0].function
            self.assertEqual((call.name, json.loads(call.arguments)), ("weather", {"city": "Pirna", "days": 3}))

    def test_structured_output(self):
        import pydantic

        class Fact(pydantic.BaseModel):
            animal: str
            hours: int

        answer = self.client.chat.completions.parse(
            model="scripted", messages=[{"role": "user", "content": "a fact"}], response_format=Fact
        )
        self.assertEqual(answer.choices[0].message.parsed, Fact(animal="dormouse", hours=20))

    def test_embeddings(self):
        answer = self.client.embeddings.create(model="scripted", input="dormouse")
        self.assertEqual(answer.data[0].embedding, [0.25, -1.5, 3.0])

    def test_a_transcription_is_a_form(self):
        answer = self.client.audio.transcriptions.create(model="scripted", file=("speech.wav", bytes(20_000)))
        self.assertEqual(answer.text, "heard it")

    def test_a_stream_that_is_closed(self):
        stream = self.chat("scripted", "hang", stream=True)
        self.assertEqual(next(iter(stream)).choices[0].delta.content, "Dormice ")
        stream.close()

    def test_errors_are_of_their_classes(self):
        self.refused(openai.NotFoundError, 404, "model_not_found", "nobody", "a story")
        wrong = {"x-dormouse-deadline-total": "soon"}
        self.refused(openai.BadRequestError, 400, "malformed", "scripted", "a story", extra_headers=wrong)
        self.refused(openai.InternalServerError, 503, "llm_inactive", "away", "a story")
        self.refused(openai.InternalServerError, 502, "backend_failed", "scripted", "drop")
        short = {"x-dormouse-deadline-first-byte": "1s"}
        self.refused(openai.InternalServerError, 504, "first_byte_timeout", "scripted", "mute", extra_headers=short)
        self.refused(openai.RateLimitError, 429, "scripted", "scripted", "fail 429")
        self.refused(openai.RateLimitError, 429, "scripted", "scripted", "fail 429", stream=True)

    def test_a_stream_that_is_cut_off_says_so(self):
        words = []
        with self.assertRaises(openai.APIError) as raised:
            for chunk in self.chat("scripted", "cut", stream=True):
                words.append(chunk.choices[0].delta.content)
        self.assertEqual(words, ["Dormice "])
        self.assertEqual(raised.exception.code, "backend_failed")

    def test_a_wake_that_fails_twice_is_tried_again_until_it_succeeds(self):
        with openai.OpenAI(base_url=URL, api_key="-") as patient:  # two retries are its default
            answer = patient.chat.completions.create(model="grumpy", messages=[{"role": "user", "content": "a story"}])
        self.assertEqual(answer.choices[0].message.content, TEXT)

    def test_a_stream_from_an_llm_that_sleeps_comments_first(self):
        chunks = self.chat("sleepy", "a story", stream=True)
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks), TEXT)


if __name__ == "__main__":
    unittest.main()
