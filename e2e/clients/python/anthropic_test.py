"""The client `anthropic` for Python, as it comes, with nothing but the base URL changed."""

import os
import unittest

import anthropic

URL = os.environ["DORMOUSE_URL"]  # it adds /v1 itself
TEXT = "Dormice sleep through the winter."
WEATHER = {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}


class AnthropicTest(unittest.TestCase):
    def setUp(self):
        self.client = anthropic.Anthropic(base_url=URL, api_key="sk-not-for-the-backend", max_retries=0, timeout=60)
        self.addCleanup(self.client.close)

    @staticmethod
    def asking(model, content, **more):
        return dict(model=model, max_tokens=64, messages=[{"role": "user", "content": content}], **more)

    def refused(self, kind, status, *asked, **more):
        with self.assertRaises(kind) as raised:
            self.client.messages.create(**self.asking(*asked, **more))
        self.assertEqual(raised.exception.status_code, status)
        self.assertEqual(raised.exception.body["type"], "error")

    def test_a_message_whole_and_streamed(self):
        self.assertEqual(self.client.messages.create(**self.asking("scripted", "a story")).content[0].text, TEXT)
        with self.client.messages.stream(**self.asking("scripted", "a story")) as stream:
            self.assertEqual("".join(stream.text_stream), TEXT)

    def test_tools_are_called_whole_and_in_pieces(self):
        asked = self.asking("scripted", "weather", tools=[WEATHER])
        with self.client.messages.stream(**asked) as stream:
            streamed = stream.get_final_message()
        for message in [self.client.messages.create(**asked), streamed]:
            self.assertEqual(message.content[0].input, {"city": "Pirna", "days": 3})

    def test_a_stream_that_is_closed(self):
        with self.client.messages.stream(**self.asking("scripted", "hang")) as stream:
            self.assertEqual(next(iter(stream)).type, "message_start")

    def test_errors_are_of_their_classes(self):
        self.refused(anthropic.NotFoundError, 404, "nobody", "a story")
        wrong = {"x-dormouse-deadline-total": "soon"}
        self.refused(anthropic.BadRequestError, 400, "scripted", "a story", extra_headers=wrong)
        self.refused(anthropic.InternalServerError, 503, "away", "a story")
        self.refused(anthropic.InternalServerError, 502, "scripted", "drop")
        self.refused(anthropic.RateLimitError, 429, "scripted", "fail 429")

    def test_a_stream_that_is_cut_off_says_so(self):
        with self.assertRaises(anthropic.APIError):
            with self.client.messages.stream(**self.asking("scripted", "cut")) as stream:
                stream.until_done()

    def test_a_wake_that_fails_twice_is_tried_again_until_it_succeeds(self):
        with anthropic.Anthropic(base_url=URL, api_key="-") as patient:  # two retries are its default
            self.assertEqual(patient.messages.create(**self.asking("grumpy", "a story")).content[0].text, TEXT)

    def test_a_stream_from_an_llm_that_sleeps_comments_first(self):
        with self.client.messages.stream(**self.asking("sleepy", "a story")) as stream:
            self.assertEqual("".join(stream.text_stream), TEXT)


if __name__ == "__main__":
    unittest.main()
