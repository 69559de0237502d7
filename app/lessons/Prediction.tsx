// The question of a beat. It gates one step: the picture may not go beyond `gate` until there is an
// answer, or it is skipped. Options and answer are computed from the run, so the reader may put an
// input of their own and is asked about that.

import { CircleCheck, CircleX, SkipForward } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import type { Session } from '../player/types.ts';
import type { Option, Outcome, Own, Prediction as Question, Run } from './lesson.ts';

/** A question about one run: its options, and what happens. */
export interface Asked {
  readonly gate: number;
  readonly options: readonly Option[];
  readonly outcome: Outcome;
}

export async function ask(question: Question, run: Run): Promise<Asked | undefined> {
  const gate = question.gate(run);
  if (gate === undefined) return undefined;
  const [options, outcome] = await Promise.all([
    question.options(run, gate),
    question.outcome(run, gate),
  ]);
  return { gate, options, outcome };
}

export const textOf = (options: readonly Option[], value: string): string =>
  options.find((option) => option.value === value)?.text ?? value;

export function Prediction(props: {
  readonly question: Question;
  readonly run: Run;
  readonly session: Session;
  readonly asked: Asked | undefined;
  readonly choice: string | undefined;
  /** The question stands open; else it was answered or skipped. */
  readonly open: boolean;
  readonly onAnswer: (value: string) => void;
  readonly onSkip: () => void;
  readonly onAgain: () => void;
}) {
  const { question, asked, choice, open } = props;
  const id = useId();
  if (!asked)
    return (
      <section className="card" aria-label="Prediction">
        <p>{question.otherwise}</p>
        {question.own && <OwnInput {...props} own={question.own} />}
      </section>
    );
  const { options, outcome } = asked;
  const answered = choice !== undefined;
  const right = choice === outcome.value;
  return (
    <section className="card predict" aria-labelledby={id} data-open={open}>
      <h3 id={id}>{question.question}</h3>
      <ol className="options">
        {options.map((option, i) => {
          const isRight = answered && option.value === outcome.value;
          const isWrong = answered && option.value === choice && !right;
          return (
            <li key={option.value}>
              <button
                type="button"
                className={`option${isRight ? ' is-right' : ''}${isWrong ? ' is-wrong' : ''}`}
                aria-pressed={option.value === choice}
                aria-disabled={!open}
                onClick={() => open && props.onAnswer(option.value)}
              >
                <kbd aria-hidden>{i + 1}</kbd>
                <span>{option.text ?? option.value}</span>
                {isRight && <CircleCheck size={16} aria-label="this is what happens" />}
                {isWrong && <CircleX size={16} aria-label="you said this" />}
              </button>
            </li>
          );
        })}
      </ol>
      {open ? (
        <p className="card-foot">
          <span>The run computes the answer.</span>
          <button type="button" className="btn small" onClick={props.onSkip}>
            <SkipForward size={13} aria-hidden /> Skip <kbd aria-hidden>S</kbd>
          </button>
        </p>
      ) : (
        <p className="card-foot">
          {answered && (
            <span>
              <b className={right ? 'is-right' : 'is-wrong'}>{right ? 'Yes.' : 'No.'}</b>{' '}
              {outcome.because}
            </span>
          )}
          {answered && (
            <button type="button" className="btn small" onClick={props.onAgain}>
              Once more
            </button>
          )}
        </p>
      )}
      {question.own && <OwnInput {...props} own={question.own} />}
    </section>
  );
}

/** The reader's own input: it takes the place of an operation, and the question is put about that. */
function OwnInput(props: { readonly own: Own; readonly run: Run; readonly session: Session }) {
  const { own, run, session } = props;
  const [text, setText] = useState('');
  const [complaint, setComplaint] = useState<string>();
  const id = useId();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const line = own.line(text.trim());
    if (line.startsWith('!')) {
      setComplaint(line.slice(1));
      return;
    }
    const at = own.at(run);
    const said = await (at === undefined ? session.submit(line) : session.editLine(at + 1, line));
    setComplaint(said);
    if (said === undefined) setText('');
  };
  return (
    <form className="own" onSubmit={submit}>
      <label htmlFor={id}>{own.label}</label>
      <input
        id={id}
        value={text}
        inputMode={own.words ? 'text' : 'numeric'}
        autoComplete="off"
        spellCheck={false}
        placeholder={own.example}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="btn small">
        Ask about that
      </button>
      {complaint !== undefined && (
        <p className="complaint" role="alert">
          {complaint}
        </p>
      )}
    </form>
  );
}
