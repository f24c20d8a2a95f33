// What the scripted models answer: the same as in ScriptedModel.java.
export const url = process.env.DORMOUSE_URL;
export const text = 'Dormice sleep through the winter.';
export const toolArguments = {city: 'Pirna', days: 3};
export const weather = {
    name: 'weather',
    parameters: {type: 'object', properties: {city: {type: 'string'}, days: {type: 'integer'}}, required: ['city']},
};
export const soon = {timeout: 60_000};
