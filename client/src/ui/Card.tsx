/** A raised block of a page with an optional heading. */
import type { ReactNode } from "react";
import classes from "./Card.module.css";

interface CardProps {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  flush?: boolean;
}

export function Card({ title, actions, children, flush }: CardProps) {
  return (
    <section className={classes.card} data-flush={flush || undefined}>
      {title ? (
        <div className={classes.head}>
          <h2 className={classes.title}>{title}</h2>
          {actions}
        </div>
      ) : null}
      {children}
    </section>
  );
}
